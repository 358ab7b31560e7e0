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

from tests.engines.conftest import arguments, make
from tests.integration.conftest import ROOT, digests

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


def test_the_same_bytes_on_a_standalone_cluster(
    spark_master: str, worker_pool: str, direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    spark = {"master": spark_master, "workers_at": worker_pool, "executor_heap": "1g", "parallelism": "4"}
    # executors have their jars already: without this flag each job would send them all of its own
    jars = f"runner.flags=[--files_to_stage={ROOT / 'pyproject.toml'}]"
    make(run, corpus, *LOCAL, *(f"runner.spark.{key}={value}" for key, value in spark.items()), jars)
    assert digests(run) == digests(direct_run)


def test_the_same_bytes_when_a_worker_is_killed(
    direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """In the midst of annotate: what it had not finished is done again by another, and nothing twice."""
    run = tmp_path / "run"
    script = pathlib.Path(sys.executable).with_name("evenweave")
    local = [part for setting in LOCAL for part in ("--set", setting)]
    process = subprocess.Popen([str(script), *arguments(corpus, run), *local], cwd=ROOT, stdout=subprocess.DEVNULL)
    killed: list[int] = []
    killer = threading.Thread(target=_kill_a_worker, args=(process, run, killed))
    killer.start()
    assert process.wait(timeout=900) == 0
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
