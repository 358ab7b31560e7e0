"""A Spark cluster of one machine, with nothing installed but the job server: a master, a worker, its executors."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple

import psutil

from pipelines.engine.job_servers import find_java, java_command

_MOST_SECS = 60  # until the worker is known to the master
_EXECUTOR = "CoarseGrainedExecutorBackend"


class SparkCluster(NamedTuple):
    """``url``: of the master. ``worker``: the process that starts executors."""

    url: str
    worker: psutil.Process

    def executors(self) -> list[psutil.Process]:
        return [child for child in self.worker.children() if _EXECUTOR in " ".join(child.cmdline())]


@contextlib.contextmanager
def spark_cluster(jars: str, folder: pathlib.Path, cores: int) -> Iterator[SparkCluster]:
    """``jars``: the folder of a job server, which holds all of Spark."""
    home = folder / "spark"
    home.mkdir()
    (home / "jars").symlink_to(jars)  # where a worker looks for what its executors need
    url = f"spark://localhost:{_free_port()}"
    host, _, port = url.removeprefix("spark://").partition(":")
    master = ["master.Master", "--host", host, "--port", port, "--webui-port", "0"]
    worker = ["worker.Worker", "--host", host, "--webui-port", "0", "--cores", str(cores), "--memory", "2g"]
    with (
        _daemon(jars, home, master, "I have been elected leader"),
        _daemon(jars, home, [*worker, "--work-dir", str(folder / "work"), url], "Successfully registered") as process,
    ):
        yield SparkCluster(url, psutil.Process(process.pid))


@contextlib.contextmanager
def _daemon(jars: str, home: pathlib.Path, arguments: list[str], ready: str) -> Iterator[subprocess.Popen[bytes]]:
    """Up once its log says so; killed at the end, with all that it has started."""
    name, *rest = arguments
    command = java_command(find_java(), f"{jars}/*", "512m", {"spark.log.level": "INFO"})
    log = home / f"{name}.log"
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_SCALA_VERSION": "2.12"}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*command, f"org.apache.spark.deploy.{name}", *rest], env=environment, stdout=said, stderr=said
        )
    try:
        until = time.monotonic() + _MOST_SECS
        while ready not in log.read_text(errors="replace"):
            assert process.poll() is None and time.monotonic() < until, log.read_text(errors="replace")
            time.sleep(0.2)
        yield process
    finally:
        for started in psutil.Process(process.pid).children(recursive=True):
            started.kill()
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return int(one.getsockname()[1])
