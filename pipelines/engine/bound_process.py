"""Runs a command that ends when the process that started this one ends, however that ends.

    python -m pipelines.engine.bound_process PARENT COMMAND [ARGUMENT ...]

``PARENT`` is the number of that process. Linux keeps the wish for the command that takes this process's place.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def die_with(parent: int) -> None:
    """Have the system kill this process when ``parent``, which started it, ends."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before it could be asked for
        os._exit(1)


def bound(command: list[str]) -> list[str]:
    """``command``, to be started by this process and to end with it."""
    return [sys.executable, "-m", __name__, str(os.getpid()), *command]


if __name__ == "__main__":
    os.setpgid(0, 0)  # Ctrl-C is for the process that started it, which may have more to ask of it
    die_with(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
