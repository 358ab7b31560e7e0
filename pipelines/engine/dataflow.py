"""Dataflow: Google Cloud's runner, with workers out of an image of ours."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.engine.local_paths import refuse_local_paths
from pipelines.engine.remote import RemoteEngine, job_id_of, job_name
from pipelines.engine.settings import RunnerSettings
from transforms.annotating.settings import EncoderSettings
from transforms.configuration import Settings
from transforms.errors import ConfigError, EvenweaveError

if TYPE_CHECKING:
    import apache_beam as beam


def _asks_a_hub(encoder: EncoderSettings) -> str | None:
    """What of the encoder is on a hub, in words; None where nothing is."""
    import open_clip

    if encoder.model.startswith("hf-hub:"):
        return f"encoder.model is {encoder.model}"
    if "://" in encoder.model or os.path.isdir(encoder.model):
        return None
    tag = encoder.pretrained
    if tag and tag != "random" and "://" not in tag and not os.path.exists(tag):
        return f"encoder.pretrained is {tag}"
    known = open_clip.get_model_config(encoder.model) or {}
    if tokenizer := known.get("text_cfg", {}).get("hf_tokenizer_name"):
        return f"the tokenizer of encoder.model {encoder.model} is {tokenizer}"
    return None


class DataflowEngine(RemoteEngine):
    """Each stage is a job of its own, with machines of its own."""

    def __init__(self, settings: RunnerSettings, beam_flags: Sequence[str] = ()) -> None:
        super().__init__(beam_flags)
        assert settings.dataflow is not None  # as the settings have checked
        self._settings, self._cloud = settings, settings.dataflow
        self._mark = ""

    @property
    def is_remote(self) -> bool:
        return True

    def check(self, settings: Settings) -> None:
        """The extra that talks to Google Cloud, and paths that other machines can reach."""
        refuse_local_paths(settings, self._settings.shared_folders, "dataflow")
        # one name a run and stage: of two active jobs of one name the service refuses the second
        self._mark = hashlib.sha256(str(getattr(settings, "output", "")).encode()).hexdigest()[:8]
        if importlib.util.find_spec("google.auth") is None:
            raise ConfigError(
                "dataflow needs the client of Google Cloud: pip install 'apache-beam[gcp]', or --editable '.[gcp]'"
            )

    def check_encoder(self, encoder: EncoderSettings) -> None:
        """The image that we make asks no hub while a job runs: what is not in it fails on each machine, four times."""
        if (what := _asks_a_hub(encoder)) is not None:
            raise ConfigError(
                f"{what}, which is on a hub, and workers ask none. Put the weights into a bucket "
                "(encoder.pretrained=gs://…/open_clip_model.safetensors), or weights, open_clip_config.json and "
                "tokenizer into a folder there (encoder.model=gs://…); or into the image (configs/docker/Dockerfile: "
                "WEIGHTS), and on this machine into the same place"
            )

    def resource_hints(self, stage: str) -> Mapping[str, str]:
        return self._settings.of_stage(stage).hints

    def how_to_cancel(self, job_id: str) -> str:
        return f"gcloud dataflow jobs cancel {job_id} --project={self._cloud.project} --region={self._cloud.region}"

    def link(self, job_id: str) -> str:
        place = f"{self._cloud.region}/{job_id}?project={self._cloud.project}"
        return f"https://console.cloud.google.com/dataflow/jobs/{place}"

    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:  # noqa: ARG002
        """``max_workers`` counts the GPUs of this machine, which does none of the work."""
        try:
            self._submit(build, ["--runner=DataflowRunner", *self.flags()])
        except Exception as error:
            # its module imports the client of Google Cloud
            if type(error).__name__ != "DataflowJobAlreadyExistsError":
                raise
            raise EvenweaveError(
                f"{self.job or 'job'}: a job of this run is under way: {error}\n{self._ends_how('ID')}"
            ) from error

    def _wait(self, result: Any) -> None:
        try:
            super()._wait(result)
        except AssertionError as error:  # as Beam ends when the service has not answered for some minutes
            job_id = job_id_of(result)
            raise EvenweaveError(
                f"{self.job or 'job'}: Dataflow answers no more, and job {job_id} goes on: {self.link(job_id)}\n"
                f"{self._ends_how(job_id)}"
            ) from error

    def _ends_how(self, job_id: str) -> str:
        how = self.how_to_cancel(job_id)
        return f"When it has ended, or was cancelled ({how}), the same command goes on from what it left"

    def flags(self) -> list[str]:
        """What Dataflow is told of the stage at hand, but for the runner's name."""
        cloud, stage = self._cloud, self._settings.of_stage(self.job)
        optional = {"service_account_email": cloud.service_account, "subnetwork": cloud.subnetwork}
        return [
            f"--project={cloud.project}",
            f"--region={cloud.region}",
            f"--staging_location={cloud.staging.rstrip('/')}/staging",
            f"--temp_location={cloud.staging.rstrip('/')}/temp",
            f"--job_name={job_name(self.job, self._mark)}",
            f"--sdk_container_image={cloud.image}",
            "--sdk_location=container",  # the image has the SDK: nothing is fetched from PyPI when a worker starts
            f"--worker_machine_type={stage.machine_type or cloud.machine_type}",
            f"--num_workers={cloud.workers}",
            f"--max_num_workers={stage.max_workers or cloud.max_workers}",
            f"--disk_size_gb={cloud.disk_gb}",
            "--use_public_ips" if cloud.public_ips else "--no_use_public_ips",
            "--experiments=use_runner_v2",
            *(f"--{name}={value}" for name, value in optional.items() if value is not None),
            *self._settings.flags,
            *stage.flags,
            *self._beam_flags,
        ]

    def graph(self, build: Callable[[beam.Pipeline], None]) -> Any:
        """The job as it would be handed over, a ``Pipeline`` message of Beam; nothing is asked of Google Cloud."""
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
        from apache_beam.runners.runner import PipelineRunner
        from apache_beam.transforms.environments import DockerEnvironment

        options = PipelineOptions(self.flags())
        pipeline = beam.Pipeline(runner=PipelineRunner(), options=options)
        build(pipeline)
        image = DockerEnvironment.from_container_image(self._cloud.image)
        assert options.view_as(PortableOptions) is not None
        return pipeline.to_runner_api(default_environment=image)
