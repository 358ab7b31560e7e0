"""Where Spark and Flink are, and what they are given."""

from __future__ import annotations

from pydantic import Field

from transforms.configuration import Settings

_WORKERS_AT = (
    "processes: of a pool that this command starts, where the master is on this machine; threads: of this command "
    "itself (Beam's loopback), which share one core's worth of Python; HOST:PORT: of a worker pool that runs on each "
    "machine of the cluster, as localhost:50000"
)
_JOB_SERVER = "jar, or folder of jars, of Beam's job server; null: where make {} put it"


class SparkSettings(Settings):
    """Spark, by Beam's job server."""

    master: str = Field(
        "local[*,4]",
        min_length=1,
        description="local[*,4]: in the job server, all cores, a task is tried 4 times; spark://HOST:7077: a cluster",
    )
    workers_at: str = Field("processes", min_length=1, description=_WORKERS_AT)
    heap: str = Field("2g", pattern="^[0-9]+[mg]$", description="of the job server, which is Spark's driver")
    executor_heap: str = Field("2g", pattern="^[0-9]+[mg]$", description="of each executor of a cluster")
    parallelism: int | None = Field(
        None, ge=1, description="partitions of what is grouped; null: the cores that Spark was given"
    )
    conf: dict[str, str] = Field({}, description="more settings of Spark itself: spark.speculation: 'true'")
    job_server: str | None = Field(None, min_length=1, description=_JOB_SERVER.format("spark-jar"))


class FlinkSettings(Settings):
    """Flink, by Beam's job server."""

    master: str = Field(
        "[local]", min_length=1, description="[local]: in the job server; HOST:8081: the REST address of a cluster"
    )
    workers_at: str = Field("processes", min_length=1, description=_WORKERS_AT)
    heap: str = Field("2g", pattern="^[0-9]+[mg]$", description="of the job server; of all of Flink where it is local")
    parallelism: int | None = Field(None, ge=1, description="tasks side by side; null: as many as runner.workers")
    job_server: str | None = Field(None, min_length=1, description=_JOB_SERVER.format("flink-jar"))
