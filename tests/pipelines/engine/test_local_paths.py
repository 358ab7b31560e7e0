"""What only this machine has is refused by runners on other machines, and by no other."""

from __future__ import annotations

import pathlib
import socket

import pytest

from pipelines.build_settings import BuildSettings
from pipelines.engine.choice import ENGINES, beside_the_cache, choose_engine
from pipelines.engine.dataflow import DataflowEngine
from pipelines.engine.flink import FlinkEngine
from pipelines.engine.local_paths import refuse_local_paths
from pipelines.engine.settings import RunnerSettings
from pipelines.engine.spark import SparkEngine
from pipelines.job_options import as_overrides
from pipelines.pack_settings import PackJobSettings
from transforms.configuration import Settings, load_settings
from transforms.errors import ConfigError
from transforms.instruct.asking.settings import AskingSettings

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


@pytest.mark.parametrize("where", ["processes", "localhost:50000"])
def test_a_master_by_the_name_of_this_machine_may_have_others(where: str) -> None:
    spark = {"master": f"spark://{socket.gethostname()}:7077", "workers_at": where}
    engine = choose_engine(RunnerSettings.model_validate({"name": "spark", "spark": spark}))
    assert engine.is_remote == (where != "processes")


def test_workers_of_a_cluster_are_not_those_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.engine.job_service.find_java", lambda: "java")
    monkeypatch.setattr("pipelines.engine.job_service.class_path", lambda *_: [])
    engine = choose_engine(RunnerSettings.model_validate({"name": "spark", "spark": {"master": "spark://far:7077"}}))
    in_containers = {"name": "spark", "flags": ["--environment_type=DOCKER"], "spark": {"master": "spark://far:7077"}}
    choose_engine(RunnerSettings.model_validate(in_containers)).check(build(*ELSEWHERE))
    with pytest.raises(ConfigError, match=r"workers_at is processes.*spark://far:7077 has others.*worker_pool PORT"):
        engine.check(build(*ELSEWHERE))


def test_an_encoder_here_is_a_local_path_however_it_is_named(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = build(*ELSEWHERE, "encoder.pretrained=weights.pt")
    refuse_local_paths(settings, [], "spark")  # there is none: it is for the encoder to say so
    in_english = build(*ELSEWHERE, "encoder.languages=[en]")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en").mkdir()
    refuse_local_paths(in_english, [], "spark")
    (tmp_path / "weights.pt").write_bytes(b"")
    with pytest.raises(ConfigError, match=f"encoder.pretrained: {tmp_path}/weights.pt"):
        refuse_local_paths(settings, [], "spark")


def test_replies_of_models_stay_on_this_machine() -> None:
    class Asks(Settings):
        asking: AskingSettings

    refuse_local_paths(Asks.model_validate({"asking": {"cache": "/mnt/replies"}}), [], "spark")
    far = {"name": "spark", "spark": {"master": "spark://far:7077"}}
    for runner, is_kept in (({"name": "spark"}, True), (far, False)):
        settings = RunnerSettings.model_validate(runner)
        engine = choose_engine(settings)
        assert (beside_the_cache(engine, settings) is engine) == is_kept


def test_dataflow_refuses_before_it_asks_for_its_client() -> None:
    cloud = {"project": "p", "region": "r", "image": "i", "staging": "gs://b/s"}
    engine = ENGINES["dataflow"](RunnerSettings.model_validate({"name": "dataflow", "dataflow": cloud}), [])
    assert isinstance(engine, DataflowEngine)
    with pytest.raises(ConfigError, match=r"dataflow runs on other machines.*\n  output: /"):
        engine.check(build("output=runs/a"))
