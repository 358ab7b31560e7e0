"""What only this machine has is refused by runners on other machines, and by no other."""

from __future__ import annotations

import pathlib

import pytest

from pipelines.build_settings import BuildSettings
from pipelines.engine.choice import ENGINES, choose_engine
from pipelines.engine.dataflow import DataflowEngine
from pipelines.engine.flink import FlinkEngine
from pipelines.engine.local_paths import refuse_local_paths
from pipelines.engine.settings import RunnerSettings
from pipelines.engine.spark import SparkEngine
from pipelines.job_options import as_overrides
from pipelines.pack_settings import PackJobSettings
from transforms.configuration import Settings, load_settings
from transforms.errors import ConfigError

ELSEWHERE = [
    "output=gs://b/run",
    "sources.0.path=gs://b/raw",
    "encoder.model=ViT-L-14",
    "vocabulary.path=gs://b/words.txt",
]


def build(*overrides: str) -> BuildSettings:
    return load_settings("configs/build/mini.yaml", BuildSettings, as_overrides(["miniature=null", *overrides], None))


def test_each_path_is_named() -> None:
    with pytest.raises(ConfigError) as error:
        refuse_local_paths(build("output=runs/a"), [], "spark at spark://far:7077")
    said = str(error.value)
    for key in ("output", "sources.0.path", "encoder.model", "vocabulary.path"):
        assert f"\n  {key}: {pathlib.Path.cwd()}" in said
    assert said.startswith("spark at spark://far:7077 runs on other machines")


def test_paths_elsewhere_and_in_shared_folders_pass() -> None:
    refuse_local_paths(build(*ELSEWHERE[1:], "output=/mnt/all/run"), ["/mnt/all/"], "spark")
    with pytest.raises(ConfigError, match="output: /mnt/allied/run"):
        refuse_local_paths(build(*ELSEWHERE[1:], "output=/mnt/allied/run"), ["/mnt/all"], "spark")


def test_other_jobs_too() -> None:
    settings: Settings = load_settings("configs/pack/mini.yaml", PackJobSettings, ["output=gs://b/packs"])
    with pytest.raises(ConfigError, match=r"pack\.tokenizer: /"):
        refuse_local_paths(settings, [], "dataflow")


@pytest.mark.parametrize(
    ("name", "master", "is_remote"),
    [
        ("spark", "local[*,4]", False),
        ("spark", "spark://localhost:7077", False),
        ("spark", "spark://10.1.2.3:7077", True),
        ("spark", "yarn", True),
        ("flink", "[local]", False),
        ("flink", "localhost:8081", False),
        ("flink", "http://far:8081", True),
    ],
)
def test_a_cluster_on_this_machine_sees_what_is_here(name: str, master: str, is_remote: bool) -> None:
    settings = RunnerSettings.model_validate({"name": name, name: {"master": master}})
    engine = choose_engine(settings)
    assert isinstance(engine, SparkEngine | FlinkEngine)
    assert engine.is_remote == is_remote


def test_dataflow_refuses_before_it_asks_for_its_client() -> None:
    cloud = {"project": "p", "region": "r", "image": "i", "staging": "gs://b/s"}
    engine = ENGINES["dataflow"](RunnerSettings.model_validate({"name": "dataflow", "dataflow": cloud}), [])
    assert isinstance(engine, DataflowEngine)
    with pytest.raises(ConfigError, match=r"dataflow runs on other machines.*\n  output: /"):
        engine.check(build("output=runs/a"))
