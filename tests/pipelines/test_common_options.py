"""``--version`` and ``--log-file``, by the command line in a process of its own: logging is the whole process's."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

import evenweave
from tests.pipelines.finished_run import finished_run

ROOT = pathlib.Path(__file__).parents[2]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.main", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.slow
def test_the_version() -> None:
    done = command("--version")
    assert (done.returncode, done.stdout) == (0, f"evenweave {evenweave.__version__}\n")


@pytest.mark.slow
def test_a_log_of_what_was_run_and_how_it_ended(tmp_path: pathlib.Path) -> None:
    log, root = tmp_path / "log", str(finished_run(tmp_path).folder.root)
    assert command("--log-file", str(log), "rejects", root).returncode == 0
    first, last = log.read_text().splitlines()
    assert f"INFO evenweave: evenweave {evenweave.__version__}, Python" in first and first.endswith(f"rejects {root}")
    assert last.endswith("INFO evenweave: ended with 0")
    failed = command("--log-file", str(log), "show", root, "--concept", "wolf")
    assert failed.returncode == 2 and "no concept called 'wolf'" in failed.stderr
    lines = log.read_text().splitlines()
    assert len(lines) == 4 and "ERROR evenweave: ended by: the run has no concept called 'wolf'" in lines[3]


@pytest.mark.slow
def test_a_log_that_cannot_be_written_is_told(tmp_path: pathlib.Path) -> None:
    done = command("--log-file", str(tmp_path), "rejects", str(tmp_path))
    assert done.returncode == 2 and f"error: --log-file {tmp_path}: Is a directory" in done.stderr
