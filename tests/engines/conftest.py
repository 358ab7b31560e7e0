"""The embedded corpus, small, run on this machine's own engine; and what a cluster needs to be tried here."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from apache_beam.version import __version__ as beam_version

from pipelines.engine.bound_process import bound
from pipelines.engine.job_servers import FLINK, SPARK, JobServer, class_path, find_java, java_command
from tests.integration.conftest import MINI, ROOT, small_corpus
from transforms.errors import ConfigError

IMAGES = 400
_MOST_SECS = 900  # of one chain, on a machine that others use too


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("corpus")


def arguments(corpus: pathlib.Path, run: pathlib.Path) -> list[str]:
    """Of the command that makes ``run``."""
    return ["build", MINI, "--output", str(run), *small_corpus(corpus, IMAGES)]


@pytest.fixture(scope="session")
def direct_run(corpus: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    run = tmp_path_factory.mktemp("direct") / "run"
    make(run, corpus, "runner.workers=2")
    return run


def make(run: pathlib.Path, corpus: pathlib.Path, *settings: str) -> str:
    """Run the command to its end; what it printed."""
    command = [str(pathlib.Path(sys.executable).with_name("evenweave")), *arguments(corpus, run)]
    command += [part for setting in settings for part in ("--set", setting)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_MOST_SECS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _jars(server: JobServer) -> str:
    """The folder of a job server; the test is skipped, with the reason, where there is none or no Java."""
    try:
        find_java()
        return os.path.dirname(class_path(server, None, beam_version))
    except ConfigError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def spark() -> str:
    return _jars(SPARK)


@pytest.fixture(scope="session")
def flink() -> str:
    return _jars(FLINK)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A server of this machine, from when it answers at ``port`` to the end of the block."""
    process = subprocess.Popen(
        bound(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{command} ended with {process.returncode}"
            with contextlib.suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
                break
            time.sleep(0.2)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def spark_master(spark: str, tmp_path: pathlib.Path) -> Iterator[str]:
    """A master and a worker of two cores: executors take their jars from ``SPARK_HOME/jars``."""
    port, worker_port = free_port(), free_port()
    home = tmp_path / "spark"
    home.mkdir()
    (home / "jars").symlink_to(spark)
    environment = {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.12", "SPARK_LOCAL_IP": "127.0.0.1"}
    java = java_command(find_java(), os.path.join(spark, "*"), "512m", {"spark.log.level": "WARN"})
    place = ["--host", "localhost", "--webui-port", "0"]
    master = [*java, "org.apache.spark.deploy.master.Master", *place, "--port", str(port)]
    worker = [*java, "org.apache.spark.deploy.worker.Worker", *place, "--port", str(worker_port)]
    worker += ["--cores", "2", "--memory", "1500m", "--work-dir", str(tmp_path / "work"), f"spark://localhost:{port}"]
    with running(master, port, environment), running(worker, worker_port, environment):
        yield f"spark://localhost:{port}"


@pytest.fixture
def worker_pool() -> Iterator[str]:
    """What each machine of a cluster runs."""
    port = free_port()
    with running([sys.executable, "-m", "pipelines.engine.worker_pool", str(port)], port):
        yield f"localhost:{port}"
