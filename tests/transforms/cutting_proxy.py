"""An object store on this machine whose answers can be cut short on their way: moto's S3 server behind a proxy."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from transforms.storage import StoragePath

_LATE_SECS = 4.0  # Arrow's S3 client waits three


class CuttingStore:
    """The connection ends in the middle of answers of more than ``over_bytes``, ``cuts`` times.

    Where ``faulty_every`` is set, each answer of that number is none: in turns 503, a reset, and one that does not come
    before the client has waited enough. What is written goes past the proxy.
    """

    def __init__(self, moto: tuple[str, int]) -> None:
        self._moto = moto
        self.port = 0  # of the proxy
        self.cuts = 0
        self.over_bytes = 1 << 12
        self.faulty_every = 0
        self.calls: Counter[str] = Counter()  # by method
        self.faults: Counter[str] = Counter()
        self._lock = threading.Lock()

    def put(self, name: str, data: bytes) -> StoragePath:
        """An object, as it is read through the proxy."""
        path = StoragePath.of(self._uri(self._moto[1], name))
        path.filesystem.create_dir("cut")
        path.write_bytes(data)
        return StoragePath.of(self._uri(self.port, name))

    @staticmethod
    def _uri(port: int, name: str) -> str:
        options = f"scheme=http&endpoint_override=127.0.0.1:{port}&allow_bucket_creation=true"
        return f"s3://cut/{name}?{options}"

    def fault(self, method: str) -> str | None:
        """What goes wrong with the call that has come, if anything."""
        with self._lock:
            self.calls[method] += 1
            if not self.faulty_every or self.calls.total() % self.faulty_every:
                return None
            fault = ("503", "reset", "late")[self.faults.total() % 3]
            self.faults[fault] += 1
            return fault

    def body(self, body: bytes) -> bytes:
        """What of the body is to be sent."""
        with self._lock:
            if self.cuts <= 0 or len(body) <= self.over_bytes:
                return body
            self.cuts -= 1
            return body[: len(body) // 2]


def _handler(store: CuttingStore, moto: tuple[str, int]) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            match store.fault(self.command):
                case "503":
                    self.send_response(503)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                case "reset":
                    linger = struct.pack("ii", 1, 0)  # closed without a word, and what was sent is lost
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.close_connection = True
                case "late":
                    time.sleep(_LATE_SECS)
                    self.close_connection = True
                case _:
                    self._forward()

        def _forward(self) -> None:
            connection = http.client.HTTPConnection(*moto, timeout=20)
            connection.request(self.command, self.path, headers=dict(self.headers))
            answer = connection.getresponse()
            whole = answer.read()
            body = store.body(whole) if self.command == "GET" else whole
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", answer.getheader("Content-Length") or str(len(whole)))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = len(body) < len(whole)
            connection.close()

        do_GET = do_HEAD = _answer  # noqa: N815 (http.server's names)

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def cutting_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[CuttingStore]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    store = CuttingStore(moto.get_host_and_port())
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(store, moto.get_host_and_port()))
    serving = threading.Thread(target=proxy.serve_forever, daemon=True)
    serving.start()
    store.port = proxy.server_address[1]
    try:
        yield store
    finally:
        proxy.shutdown()
        proxy.server_close()
        moto.stop()
