"""Which engine the Beam flags ask for, and what comes back from one that Beam runs by itself."""

from __future__ import annotations

import pathlib

import apache_beam as beam
import pytest

from pipelines.engine.choice import choose_engine
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.portable import PortableEngine
from pipelines.engine.settings import RunnerSettings
from transforms.errors import InputError
from transforms.storage import StoragePath


def refuse(number: int) -> None:
    raise InputError(f"shard {number} is torn")


@pytest.mark.parametrize("flags", [[], ["--job_name=a"], ["--runner="]])
def test_this_machines_own_engine_without_a_runner(flags: list[str]) -> None:
    assert isinstance(choose_engine(RunnerSettings(), flags), InProcessEngine)


@pytest.mark.parametrize("flags", [["--runner=DirectRunner"], ["--job_name=a", "--runner", "SparkRunner"]])
def test_a_runner_that_the_flags_name(flags: list[str]) -> None:
    assert isinstance(choose_engine(RunnerSettings(), flags), PortableEngine)


def test_beams_own_runner_does_the_job_and_returns_the_users_error(tmp_path: pathlib.Path) -> None:
    engine = choose_engine(RunnerSettings(workers=1), ["--runner=BundleBasedDirectRunner"])
    path = StoragePath.of(tmp_path) / "done"
    engine.run(lambda pipeline: pipeline | beam.Create(["yes"]) | beam.Map(path.write_text))
    assert path.read_text() == "yes"
    with pytest.raises(InputError, match=r"^shard 7 is torn$"):
        engine.run(lambda pipeline: pipeline | beam.Create([7]) | beam.Map(refuse))
