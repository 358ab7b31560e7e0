"""Dataflow: Google Cloud's runner, with workers out of an image of ours."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.engine.local_paths import refuse_local_paths
from pipelines.engine.remote import RemoteEngine
from pipelines.engine.settings import RunnerSettings
from transforms.configuration import Settings
from transforms.errors import ConfigError

if TYPE_CHECKING:
    import apache_beam as beam


class DataflowEngine(RemoteEngine):
    """Each stage is a job of its own, with machines of its own."""

    def __init__(self, settings: RunnerSettings, beam_flags: Sequence[str] = ()) -> None:
        super().__init__(beam_flags)
        assert settings.dataflow is not None  # as the settings have checked
        self._settings, self._cloud = settings, settings.dataflow

    @property
    def is_remote(self) -> bool:
        return True

    def check(self, settings: Settings) -> None:
        """The extra that talks to Google Cloud, and paths that other machines can reach."""
        refuse_local_paths(settings, self._settings.shared_folders, "dataflow")
        if importlib.util.find_spec("google.auth") is None:
            raise ConfigError("dataflow needs the client of Google Cloud: pip install 'evenweave[gcp]'")

    def resource_hints(self) -> Mapping[str, str]:
        return self._settings.of_stage(self.job).hints

    def link(self, job_id: str) -> str:
        place = f"{self._cloud.region}/{job_id}?project={self._cloud.project}"
        return f"https://console.cloud.google.com/dataflow/jobs/{place}"

    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:  # noqa: ARG002
        """``max_workers`` counts the GPUs of this machine, which does none of the work."""
        self._submit(build, ["--runner=DataflowRunner", *self.flags()])

    def flags(self) -> list[str]:
        """What Dataflow is told of the stage at hand, but for the runner's name."""
        cloud, stage = self._cloud, self._settings.of_stage(self.job)
        optional = {"service_account_email": cloud.service_account, "subnetwork": cloud.subnetwork}
        return [
            f"--project={cloud.project}",
            f"--region={cloud.region}",
            f"--staging_location={cloud.staging.rstrip('/')}/staging",
            f"--temp_location={cloud.staging.rstrip('/')}/temp",
            f"--job_name=evenweave-{(self.job or 'job').replace('_', '-')}",
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
