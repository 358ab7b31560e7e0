"""An object store of a folder, with the latency and the bandwidth of one that is far away: a process of its own.

Answers GET, with or without a range, and HEAD, as S3 does. Each answer begins ``latency_secs`` after its request; all
answers together share one token bucket of ``bytes_per_sec``.
"""

from __future__ import annotations

import contextlib
import http.server
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from transforms.storage import StoragePath

BUCKET = "far"
_PIECE_BYTES = 1 << 17  # sent at once, by one answer after the other


class _TokenBucket:
    """Time is what is handed out: each piece takes the next free stretch of the line."""

    def __init__(self, bytes_per_sec: float) -> None:
        self._secs_per_byte = 1 / bytes_per_sec
        self._free_at = 0.0
        self._lock = threading.Lock()

    def take(self, size_bytes: int) -> None:
        """Returns when these bytes have gone through the line."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + size_bytes * self._secs_per_byte
            wait_secs = self._free_at - time.monotonic()
        if wait_secs > 0:
            time.sleep(wait_secs)


class SlowStore:
    """The store as its clients see it."""

    def __init__(self, port: int, control: multiprocessing.connection.Connection) -> None:
        self.port = port
        self._control = control

    def path(self, name: str) -> StoragePath:
        return StoragePath.of(f"s3://{BUCKET}/{name}?scheme=http&endpoint_override=127.0.0.1:{self.port}")

    def calls(self) -> dict[str, int]:
        """How many calls came since this was asked last, by method."""
        self._control.send("calls")
        return dict(self._control.recv())


def _handler(folder: pathlib.Path, latency_secs: float, line: _TokenBucket, calls: Counter[str]) -> Any:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            calls[self.command] += 1
            time.sleep(latency_secs)
            file = folder / self.path.split("?")[0].removeprefix(f"/{BUCKET}/")
            if not file.is_file():
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            size = file.stat().st_size
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            first, last = (int(wanted[1]), min(int(wanted[2]), size - 1)) if wanted else (0, size - 1)
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(last - first + 1))
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            if wanted:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.end_headers()
            if self.command == "GET":
                self._send(file, first, last + 1)

        def _send(self, file: pathlib.Path, begin: int, end: int) -> None:
            with file.open("rb") as stream:
                while begin < end:
                    piece = min(_PIECE_BYTES, end - begin)
                    line.take(piece)
                    begin += os.sendfile(self.connection.fileno(), stream.fileno(), begin, piece)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _serve(
    folder: pathlib.Path,
    latency_secs: float,
    bytes_per_sec: float,
    control: multiprocessing.connection.Connection,
) -> None:
    calls: Counter[str] = Counter()

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 256

    server = Server(("127.0.0.1", 0), _handler(folder, latency_secs, _TokenBucket(bytes_per_sec), calls))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    control.send(server.server_address[1])
    with contextlib.suppress(EOFError):
        while control.recv() == "calls":
            control.send(calls.copy())
            calls.clear()


@contextlib.contextmanager
def slow_store(folder: pathlib.Path, latency_secs: float, bytes_per_sec: float) -> Iterator[SlowStore]:
    """Serves the files of ``folder`` as objects of one bucket."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(folder, latency_secs, bytes_per_sec, there), daemon=True)
    process.start()
    there.close()
    try:
        yield SlowStore(int(here.recv()), here)
    finally:
        here.close()
        process.terminate()
        process.join()
