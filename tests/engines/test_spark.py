"""The whole chain on Spark writes the bytes that this machine's own engine writes, also when workers die."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from tests.engines.conftest import arguments
from tests.integration.conftest import ROOT, digests, evenweave

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("spark")]

LOCAL = ["--set", "runner=spark", "--set", "runner.spark.master=local[2,4]", "--set", "runner.workers=2"]


@pytest.mark.parametrize("workers_at", ["processes", "threads"])
def test_the_same_bytes_within_the_job_server(
    workers_at: str, direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    done = evenweave(*arguments(corpus, run), *LOCAL, "--set", f"runner.spark.workers_at={workers_at}")
    assert digests(run) == digests(direct_run)
    assert "Spark" not in done.stdout + done.stderr  # on this machine it is quiet


def test_the_same_bytes_on_a_standalone_cluster(
    spark_master: str, worker_pool: str, direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    cluster = [f"runner.spark.{key}={value}" for key, value in _cluster(spark_master, worker_pool).items()]
    evenweave(*arguments(corpus, run), *LOCAL, *(part for one in cluster for part in ("--set", one)))
    assert digests(run) == digests(direct_run)


def _cluster(master: str, pool: str) -> dict[str, str]:
    return {"master": master, "workers_at": pool, "executor_heap": "1g", "parallelism": "4"}


def test_the_same_bytes_when_a_worker_is_killed(
    direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """In the midst of annotate: what it had not finished is done again by another, and nothing twice."""
    run = tmp_path / "run"
    script = pathlib.Path(sys.executable).with_name("evenweave")
    process = subprocess.Popen([str(script), *arguments(corpus, run), *LOCAL], cwd=ROOT, stdout=subprocess.DEVNULL)
    killed: list[int] = []
    killer = threading.Thread(target=_kill_a_worker, args=(process, run, killed))
    killer.start()
    assert process.wait(timeout=600) == 0
    killer.join()
    assert killed
    assert digests(run) == digests(direct_run)


def _kill_a_worker(driver: subprocess.Popen[bytes], run: pathlib.Path, killed: list[int]) -> None:
    """The one that is busiest, once a first shard is annotated: forked workers have the fork server's command."""
    while driver.poll() is None and not killed:
        if any(run.glob("annotations/**/*.parquet")):
            workers = _workers(driver.pid)
            if workers:
                busiest = max(workers, key=lambda worker: sum(worker.cpu_times()[:2]))
                os.kill(busiest.pid, signal.SIGKILL)
                killed.append(busiest.pid)
        time.sleep(0.01)


def _workers(driver: int) -> list[psutil.Process]:
    found = []
    for server in psutil.Process(driver).children():
        if "pipelines.engine.fork_server" in " ".join(server.cmdline()):
            found += server.children()
    return found
