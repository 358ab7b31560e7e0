"""Flink: within Beam's job server (``[local]``), or a cluster that it submits to."""

from __future__ import annotations

from pipelines.engine.job_servers import FLINK
from pipelines.engine.job_service import JobServiceEngine


class FlinkEngine(JobServiceEngine):
    """Batch jobs: all input is bounded."""

    server = FLINK

    @property
    def master(self) -> str:
        return self._settings.flink.master

    @property
    def is_local(self) -> bool:
        return self.master in ("[local]", "[auto]")

    @property
    def _workers_at(self) -> str:
        return self._settings.flink.workers_at

    def link(self, job_id: str) -> str | None:
        return None if self.is_local else f"http://{self.master.removeprefix('http://')}/#/job/{job_id}"

    def _job_server(self) -> tuple[str | None, str, dict[str, str], list[str]]:
        flink = self._settings.flink
        return flink.job_server, flink.heap, {}, ["--flink-master", flink.master]

    def _more_flags(self) -> list[str]:
        return [f"--parallelism={self._settings.flink.parallelism or self._settings.processes}"]
