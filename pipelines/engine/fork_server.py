"""A process that has imported what workers need, and forks one on request.

    python -m pipelines.engine.fork_server SOCKET

A forked worker has Beam and the job's own modules, and need not import them. This process
opens no connection and starts no threads (but those that libraries start when imported, and again after a fork), so
that forking it is safe.

A request is one line of JSON, ``{"path", "module"}``, to import what a job's workers need: the job's module, and those
that it names in ``WORKERS_IMPORT``, which it does without itself. With ``"environment"`` and
``"folder"`` it is to fork one, and comes with a pipe's writing end, which the worker holds as long as it lives; it
writes one byte there when it ends well. Workers do not outlive this process, nor this process the driver.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

from pipelines.engine import worker

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def serve(driver: socket.socket) -> None:
    """Fork workers until the driver is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers: the system clears them away
    alive: list[int] = []  # pipes' ends, of the requests that have arrived
    for request in _requests(driver, alive):
        sys.path[:] = request["path"]
        with contextlib.suppress(Exception):  # the worker that needs it will raise it
            job = importlib.import_module(request["module"])
            for name in getattr(job, "WORKERS_IMPORT", ()):
                importlib.import_module(name)
        if "environment" not in request:
            continue
        gc.freeze()  # a collection would touch, and so copy, the pages that the workers share
        sys.stdout.flush()  # what a module printed when imported, else printed by each worker
        mine, server = alive.pop(0), os.getpid()
        if os.fork() == 0:
            _die_with(server)
            driver.close()
            for of_another in alive:
                os.close(of_another)
            _work(request, mine)
        os.close(mine)


def _requests(driver: socket.socket, alive: list[int]) -> Iterator[dict[str, Any]]:
    """In order, as their pipes' ends are added to ``alive``; several may arrive at once, or a part of one."""
    received = b""
    while True:
        message, ends, _, _ = socket.recv_fds(driver, 1 << 16, 16)
        if not message:
            return
        alive += ends
        *lines, received = (received + message).split(b"\n")
        yield from map(json.loads, lines)


def _die_with(server: int) -> None:
    """Have the system kill this process when the server ends, as it does when the driver is gone.

    Nothing in the process could be relied on for that: a thread waits as long as another one is busy in C code.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:  # it ended before it could be asked for
        os._exit(1)


def _work(request: dict[str, Any], alive: int) -> None:
    """In the forked process; does not return."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        worker.work()
        sys.stdout.flush()
        os.write(alive, b".")
        status = 0
    finally:
        os._exit(status)  # what was registered to be done at exit is the server's to do


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # an orderly end looks for what was frozen, and some libraries call it leaked
