"""``runner:`` in a configuration: a section, or the name of a file that holds one."""

from __future__ import annotations

import pathlib

import pytest

from pipelines.build_settings import BuildSettings
from pipelines.engine.settings import RunnerSettings, with_runner_file
from pipelines.job_options import as_overrides
from transforms.configuration import load_settings, validate
from transforms.errors import ConfigError

MINI = "configs/build/mini.yaml"


@pytest.mark.parametrize("name", ["direct", "spark", "flink", "dataflow"])
def test_a_name_stands_for_the_file_that_is_shipped(name: str) -> None:
    settings = load_settings(MINI, BuildSettings, as_overrides([f"runner={name}"], None))
    assert settings.runner.name == name
    assert settings.runner == RunnerSettings.model_validate(with_runner_file(name))


def test_a_part_of_the_file_can_be_set_behind_it() -> None:
    overrides = as_overrides(["runner=spark", "runner.spark.master=local[2,4]", "runner.workers=2"], None)
    runner = load_settings(MINI, BuildSettings, overrides).runner
    assert (runner.spark.master, runner.processes, runner.spark.workers_at) == ("local[2,4]", 2, "processes")


def test_a_file_of_ones_own_in_a_configuration(tmp_path: pathlib.Path) -> None:
    (tmp_path / "cluster.yaml").write_text("name: flink\nflink: {master: 'host:8081'}\n")
    config = (pathlib.Path(MINI).read_text() + f"\nrunner: {tmp_path / 'cluster.yaml'}\n").replace("../", "configs/")
    (tmp_path / "build.yaml").write_text(config)
    assert load_settings(str(tmp_path / "build.yaml"), BuildSettings).runner.flink.master == "host:8081"


def test_how_a_job_is_run_changes_no_fingerprint() -> None:
    one, other = (
        load_settings(MINI, BuildSettings, as_overrides([f"runner={name}"], None)) for name in ("direct", "spark")
    )
    assert one.identity() == other.identity() and one.as_resolved() == other.as_resolved()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "hadoop"}, "name"),
        ({"name": "dataflow"}, "needs a section dataflow"),
        ({"stages": {"anotate": {}}}, "no stage is called 'anotate'"),
        ({"stages": {"export": {"hints": {"min_ram": "4GB"}}}}, "export loads no model"),
        ({"spark": {"heap": "lots"}}, "spark.heap"),
        ({"dataflow": {"project": "p", "region": "r", "image": "i", "staging": "s3://b"}}, "dataflow.staging"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        validate(values, RunnerSettings, "a test")


def test_an_unknown_name_tells_those_that_are_near() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean .*runner/spark\.yaml"):
        as_overrides(["runner=sparc"], None)
