"""What would be handed to Dataflow, built without asking it: steps, hints and the container."""

from __future__ import annotations

import contextlib
import pathlib
import re
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.portability.api import beam_runner_api_pb2
from rich.console import Console

from pipelines.annotate import run as annotate
from pipelines.build_settings import BuildSettings
from pipelines.engine.dataflow import DataflowEngine
from pipelines.engine.settings import RunnerSettings, with_runner_file
from pipelines.job_options import as_overrides
from transforms.annotating.concepts.beam import EmbedConcepts
from transforms.annotating.concepts.parts import EmbeddingWork
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.configuration import load_settings
from transforms.errors import ConfigError, EvenweaveError
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

ACCELERATOR = "beam:resources:accelerator:v1"
IMAGE = "us-central1-docker.pkg.dev/YOUR-PROJECT/evenweave/worker:latest"


class Kept(DataflowEngine):
    """Keeps the job in place of handing it over."""

    def run(self, build: Any, max_workers: int | None = None) -> None:  # noqa: ARG002
        self.kept = self.graph(build)


@pytest.fixture
def engine() -> Kept:
    return Kept(RunnerSettings.model_validate(with_runner_file("dataflow")))


def graph_of_annotate(engine: Kept, tmp_path: pathlib.Path) -> Any:
    engine.progress(Console(quiet=True), "annotate", None)
    shards = [InputShard("a", f"{number:05d}", "webdataset", StoragePath.of(tmp_path), 1) for number in range(3)]
    folder = RunFolder(StoragePath.of(tmp_path), "0" * 16)
    annotate(folder, shards, [], EncoderSettings(model="ViT-L-14"), RetrievalSettings(), DecodeSettings(), engine)
    return engine.kept


def environment_of(graph: Any, name: str) -> Any:
    (step,) = [one for one in graph.components.transforms.values() if one.unique_name == name]
    return graph.components.environments[step.environment_id]


def test_only_the_step_with_the_model_asks_for_a_gpu(engine: Kept, tmp_path: pathlib.Path) -> None:
    graph = graph_of_annotate(engine, tmp_path)
    named = {one.unique_name for one in graph.components.transforms.values()}
    step = "Annotate/Annotate shard/ParDo(_AnnotateShard)"
    assert step in named and any(name.startswith("Annotate/WriteStageCounts") for name in named)
    with_hints = {
        one.unique_name
        for one in graph.components.transforms.values()
        if one.environment_id and graph.components.environments[one.environment_id].resource_hints
    }
    assert with_hints == {step}
    hints = environment_of(graph, step).resource_hints
    assert hints[ACCELERATOR] == b"type:nvidia-l4;count:1;machine_type:g2-standard-12;install-nvidia-driver"
    assert hints["beam:resources:min_ram_bytes:v1"] == str(40 * 10**9).encode()


def test_every_step_runs_in_the_image(engine: Kept, tmp_path: pathlib.Path) -> None:
    graph = graph_of_annotate(engine, tmp_path)
    images = set()
    for environment in graph.components.environments.values():
        assert environment.urn == "beam:env:docker:v1"
        payload = beam_runner_api_pb2.DockerPayload.FromString(environment.payload)
        images.add(payload.container_image)
    assert images == {IMAGE}


def test_a_stage_without_a_model_has_no_hints(engine: Kept) -> None:
    engine.progress(Console(quiet=True), "deduplicate", None)
    assert engine.resource_hints("deduplicate") == {}
    graph = engine.graph(lambda pipeline: pipeline | beam.Create([1]) | beam.Map(str))
    assert not any(one.resource_hints for one in graph.components.environments.values())


def test_machines_are_those_of_the_stage(engine: Kept) -> None:
    engine.progress(Console(quiet=True), "annotate", None)
    flags = engine.flags()
    assert "--worker_machine_type=n2-standard-8" in flags and "--max_num_workers=64" in flags
    assert "--experiments=no_use_multiple_sdk_containers" in flags
    engine.progress(Console(quiet=True), "export", None)
    flags = engine.flags()
    assert "--worker_machine_type=n2-standard-8" in flags and "--max_num_workers=200" in flags
    assert "--experiments=no_use_multiple_sdk_containers" not in flags
    assert {"--region=us-central1", f"--sdk_container_image={IMAGE}", "--no_use_public_ips"} <= set(flags)


def test_what_the_command_line_says_of_beam_comes_last() -> None:
    engine = DataflowEngine(RunnerSettings.model_validate(with_runner_file("dataflow")), ["--max_num_workers=2"])
    assert engine.flags()[-1] == "--max_num_workers=2"


def test_the_link_leads_to_the_console(engine: Kept) -> None:
    link = "https://console.cloud.google.com/dataflow/jobs/us-central1/123?project=YOUR-PROJECT"
    assert engine.link("123") == link


def test_vocabulary_has_a_gpu_too_and_machines_around_it_have_none(engine: Kept, tmp_path: pathlib.Path) -> None:
    work = EmbeddingWork(StoragePath.of(tmp_path), "0" * 16, EncoderSettings(model="ViT-L-14"), {}, 2000)
    hints = engine.resource_hints("vocabulary")
    engine.progress(Console(quiet=True), "vocabulary", None)
    graph = engine.graph(lambda pipeline: pipeline | "Embed" >> EmbedConcepts(work, [0], hints))
    assert b"machine_type:g2-standard-12" in environment_of(graph, "Embed/Embed part").resource_hints[ACCELERATOR]
    assert "--worker_machine_type=n2-standard-8" in engine.flags()


@pytest.mark.parametrize("title", ["embed names", "count wikipedia (2)", "near_duplicates", "Zählen: a", None])
def test_names_of_jobs_are_such_as_dataflow_takes(engine: Kept, title: str | None) -> None:
    engine.job = title
    (name,) = [flag.removeprefix("--job_name=") for flag in engine.flags() if flag.startswith("--job_name=")]
    assert re.fullmatch(PipelineOptionsValidator.JOB_PATTERN, name)


def test_runs_have_names_of_their_own() -> None:
    names = set()
    for output in ("gs://b/a", "gs://b/b", "gs://b/a"):
        engine = DataflowEngine(RunnerSettings.model_validate(with_runner_file("dataflow")))
        with contextlib.suppress(ConfigError):  # where its client is not installed
            engine.check(settings_of(output))
        names |= {flag for flag in engine.flags() if flag.startswith("--job_name=")}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("model", "pretrained", "said"),
    [
        ("ViT-H-14-quickgelu", "metaclip_fullcc", "pretrained is metaclip_fullcc"),
        ("hf-hub:some/clip", None, "model is hf-hub:some/clip"),
        ("ViT-B-16-SigLIP", "gs://b/siglip.safetensors", "the tokenizer of encoder.model ViT-B-16-SigLIP is"),
        ("ViT-L-14", "gs://b/l14.safetensors", None),
        ("gs://b/clip", None, None),
        ("configs/encoder/tiny", None, None),
    ],
)
def test_what_is_on_a_hub_is_refused_before_machines_start(
    model: str, pretrained: str | None, said: str | None
) -> None:
    engine = DataflowEngine(RunnerSettings.model_validate(with_runner_file("dataflow")))
    encoder = EncoderSettings(model=model, pretrained=pretrained)
    if said is None:
        engine.check_encoder(encoder)
        return
    with pytest.raises(ConfigError, match=f"{said}.*, which is on a hub.*bucket"):
        engine.check_encoder(encoder)


class DataflowJobAlreadyExistsError(Exception):
    """Of Google's client, which is an extra, by its name."""


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (DataflowJobAlreadyExistsError("named x with id: 7"), r"a job of this run is under way: named x with id: 7"),
        (AssertionError("Job did not reach to a terminal state"), r"Dataflow answers no more, and job 7 goes on: http"),
    ],
)
def test_a_job_that_goes_on_is_told_of(raised: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DataflowEngine(RunnerSettings.model_validate(with_runner_file("dataflow")))
    engine.progress(Console(quiet=True), "balance", None)

    class Lost:
        def job_id(self) -> str:
            return "7"

        def wait_until_finish(self) -> None:
            raise raised

    monkeypatch.setattr(engine, "_run", lambda build, flags: engine._wait(Lost()))  # noqa: ARG005
    with pytest.raises(EvenweaveError, match=said) as error:
        engine.run(lambda _: None)
    assert "gcloud dataflow jobs cancel" in str(error.value) and "the same command goes on" in str(error.value)


def settings_of(output: str, *more: str) -> BuildSettings:
    elsewhere = ["sources.0.path=gs://b/raw", "vocabulary.path=gs://b/words.txt", "encoder.pretrained=random"]
    overrides = ["miniature=null", *elsewhere, "encoder.model=ViT-L-14", f"output={output}", *more]
    return load_settings("configs/build/mini.yaml", BuildSettings, as_overrides(overrides, None))
