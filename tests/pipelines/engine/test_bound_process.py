"""A command that is bound to its parent does not outlive it, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from pipelines.engine.bound_process import bound


def test_the_command_takes_the_place_and_its_status_is_told() -> None:
    done = subprocess.run(
        bound([sys.executable, "-c", "print('ran'); raise SystemExit(3)"]), capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (3, "ran\n")


@pytest.mark.skipif(sys.platform != "linux", reason="the system is asked for it, as only Linux can be")
def test_it_ends_when_the_parent_is_killed() -> None:
    code = (
        "import subprocess, time; from pipelines.engine.bound_process import bound; "
        "print(subprocess.Popen(bound(['sleep', '600'])).pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    while psutil.Process(child).name() != "sleep":
        time.sleep(0.01)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def test_a_terminals_ctrl_c_is_not_for_it() -> None:
    code = "import os; print(os.getpgrp() == os.getpid())"
    assert subprocess.run(bound([sys.executable, "-c", code]), capture_output=True, text=True).stdout == "True\n"
