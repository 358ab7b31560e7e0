"""The whole chain on Spark writes the bytes that this machine's own engine writes."""

from __future__ import annotations

import pathlib
import time

import psutil
import pytest

from tests.engines.conftest import make
from tests.engines.spark_cluster import spark_cluster
from tests.integration.conftest import digests

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("spark")]

LOCAL = ("runner=spark", "runner.spark.master=local[2,4]", "runner.workers=2")


@pytest.mark.parametrize("workers_at", ["processes", "threads"])
def test_the_same_bytes_within_the_job_server(
    workers_at: str, direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    said = make(run, corpus, *LOCAL, f"runner.spark.workers_at={workers_at}")
    assert digests(run) == digests(direct_run)
    assert "Spark" not in said and "INFO" not in said  # on this machine it is quiet


def test_a_killed_worker_is_replaced(direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """In the middle of annotate: Spark's second try is enough, or the job is begun again; the bytes are the same."""
    run = tmp_path / "run"

    def kill_one(command: psutil.Process) -> None:
        _wait_for_annotations(run, command)
        forked_by = [child for child in command.children() if "fork_server" in " ".join(child.cmdline())]
        max(forked_by[0].children(), key=lambda worker: worker.create_time()).kill()

    make(run, corpus, *LOCAL, meanwhile=kill_one)
    assert digests(run) == digests(direct_run)


def test_a_cluster_whose_executor_is_killed(
    spark: str, direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """A master and a worker of their own, speculation on; the only executor dies in the middle of annotate."""
    run = tmp_path / "run"
    with spark_cluster(spark, tmp_path, cores=2) as cluster:

        def kill_executor(command: psutil.Process) -> None:
            _wait_for_annotations(run, command)
            (executor,) = cluster.executors()
            executor.kill()

        speculative = "runner.spark.conf={spark.speculation: 'true'}"
        make(run, corpus, *LOCAL, f"runner.spark.master={cluster.url}", speculative, meanwhile=kill_executor)
    assert digests(run) == digests(direct_run)


def _wait_for_annotations(run: pathlib.Path, command: psutil.Process) -> None:
    while not list((run / "annotations").glob("*/*.parquet")):
        assert command.is_running() and command.status() != psutil.STATUS_ZOMBIE
        time.sleep(0.05)
