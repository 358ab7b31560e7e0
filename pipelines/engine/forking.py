"""Starts workers: forked, on Linux, from a process that has done the imports (:mod:`pipelines.engine.fork_server`).

Elsewhere forking is not safe, and each worker is started anew. Apart from :mod:`.worker_processes` so that the fork
server can be started before Beam is imported here.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def import_ahead(job: str) -> None:
    """Have what the workers of ``job``, a module, will need imported, while this process is busy with other things."""
    if sys.platform == "linux":
        _ask({"path": _path(), "module": job})


def start_worker(job: str, environment: Mapping[str, str]) -> Callable[[], bool]:
    """Start a worker; returns a function that waits for its end and says whether it ended well."""
    if sys.platform != "linux":
        command = _command("pipelines.engine.worker")
        process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.PIPE)  # open as long as we live
        return lambda: process.wait() == 0
    request = {"environment": dict(environment), "folder": os.getcwd(), "path": _path(), "module": job}
    return functools.partial(_ended_well, _fork(request))


def _path() -> list[str]:
    return [os.fspath(folder) for folder in sys.path]


def _command(module: str, *arguments: str) -> list[str]:
    """As ``python -m``, which would look for the module in the current folder first."""
    run = f"import runpy, sys; sys.path[:] = {_path()!r}; runpy.run_module({module!r}, run_name='__main__')"
    return [sys.executable, "-c", run, *arguments]


def _ended_well(alive: int) -> bool:
    try:
        return bool(os.read(alive, 1))
    finally:
        os.close(alive)


def _fork(request: Mapping[str, Any]) -> int:
    """The reading end of the new worker's pipe."""
    reading, writing = os.pipe()
    try:
        _ask(request, writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return reading


def _ask(request: Mapping[str, Any], *descriptors: int) -> None:
    server = _fork_server()
    try:
        server.ask(request, descriptors)
    except ConnectionError:  # killed, perhaps, since it was last asked
        server.close()
        _fork_server.cache_clear()
        _fork_server().ask(request, descriptors)


@functools.cache
def _fork_server() -> _ForkServer:
    return _ForkServer()


class _ForkServer:
    """The process of :mod:`pipelines.engine.fork_server`; lives as long as this one."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair()
        with theirs:
            command = _command("pipelines.engine.fork_server", str(theirs.fileno()))
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        self._lock = threading.Lock()
        atexit.register(self.close)

    def ask(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            sent = socket.send_fds(self._requests, [line], descriptors)
            self._requests.sendall(line[sent:])

    def close(self) -> None:
        """Does not wait for what the server may be importing."""
        atexit.unregister(self.close)
        self._requests.close()
        self._process.kill()
        self._process.wait()
