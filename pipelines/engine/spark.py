"""Spark: within Beam's job server (``local[*,4]``), or a cluster's master that the job server submits to."""

from __future__ import annotations

from pipelines.engine.job_servers import SPARK
from pipelines.engine.job_service import JobServiceEngine


class SparkEngine(JobServiceEngine):
    """Spark reads its settings from the properties of the Java process that begins it."""

    server = SPARK

    @property
    def master(self) -> str:
        return self._settings.spark.master

    @property
    def is_local(self) -> bool:
        return self.master.startswith("local")

    @property
    def _workers_at(self) -> str:
        return self._settings.spark.workers_at

    def link(self, job_id: str) -> str | None:  # noqa: ARG002
        host = self.master.removeprefix("spark://").partition(":")[0]
        return f"http://{host}:8080" if self.master.startswith("spark://") else None

    def _job_server(self) -> tuple[str | None, str, dict[str, str], list[str]]:
        spark = self._settings.spark
        properties = {
            "spark.ui.enabled": str(self.is_remote).lower(),
            "spark.ui.showConsoleProgress": "false",
            "spark.log.level": "INFO" if self.is_remote else "WARN",
            "spark.executor.memory": spark.executor_heap,
            **({"spark.default.parallelism": str(spark.parallelism)} if spark.parallelism else {}),
            **spark.conf,
        }
        return spark.job_server, spark.heap, properties, ["--spark-master-url", spark.master]
