"""A process that has imported what workers need, and forks one on request: ``python -m pipelines.fork_server SOCKET``.

Importing Beam takes more than a second of a core, a job's own modules more; a forked worker has them. This process
starts no threads and opens no connection, so that forking it is safe.

A request is one line of JSON, ``{"environment", "folder", "path", "module"}``, with a pipe's writing end, which the
worker holds as long as it lives; it writes one byte there when it ends well.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from typing import Any

from pipelines import worker  # also silences this process, and so each worker


def serve(requests: socket.socket) -> None:
    """Fork workers until the driver is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers: the system clears them away
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 1 << 16, 1)
        while message and not message.endswith(b"\n"):
            message += requests.recv(1 << 16)
        if not message:
            return
        request = json.loads(message)
        sys.path[:] = request["path"]
        with contextlib.suppress(Exception):  # the worker that needs it will raise it
            importlib.import_module(request["module"])
        gc.freeze()  # a collection would touch, and so copy, the pages that the workers share
        if os.fork() == 0:
            requests.close()
            _work(request, descriptors[0])
        os.close(descriptors[0])


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
