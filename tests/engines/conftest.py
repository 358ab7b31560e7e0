"""The embedded corpus, small, run on this machine's own engine; and what a cluster needs to be tried here."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Callable

import psutil
import pytest
from apache_beam.version import __version__ as beam_version

from pipelines.engine.job_servers import FLINK, SPARK, JobServer, class_path, find_java
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


def make(
    run: pathlib.Path,
    corpus: pathlib.Path,
    *settings: str,
    meanwhile: Callable[[psutil.Process], None] = lambda _: None,
) -> str:
    """Run the command to its end; what it printed. ``meanwhile`` is done to it while it runs."""
    command = [str(pathlib.Path(sys.executable).with_name("evenweave")), *arguments(corpus, run)]
    command += [part for setting in settings for part in ("--set", setting)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            meanwhile(psutil.Process(process.pid))
            said, _ = process.communicate(timeout=_MOST_SECS)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 0, said
    return said


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
