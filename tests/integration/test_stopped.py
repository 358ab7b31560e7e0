"""Ctrl-C and SIGTERM in the midst of a command: it says so, nothing stays behind."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests.integration.conftest import MINI, ROOT, small_corpus

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("number", "called", "workers"), [(signal.SIGINT, "Ctrl-C", 2), (signal.SIGTERM, "SIGTERM", 1)]
)
def test_a_build_that_is_stopped(
    number: signal.Signals, called: str, workers: int, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "stopped"
    arguments = ["build", MINI, "--output", str(run), *small_corpus(corpus), "--set", f"runner.workers={workers}"]
    script = pathlib.Path(sys.executable).with_name("evenweave")
    process = subprocess.Popen(
        [str(script), *arguments],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not any(run.glob("annotations/**/*.parquet")):
        assert process.poll() is None and time.monotonic() < deadline, "it ended before it could be stopped"
        time.sleep(0.002)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 128 + number
    assert said == f"stopped by {called}: files that were finished are kept, and the same command goes on from there.\n"
    assert _ends_in_time(process.pid)


def _ends_in_time(group: int) -> bool:
    """Whether no process of the group is left within seconds."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
