"""A run folder in an object store (a local S3 server): the same files, byte for byte, as on a disk."""

from __future__ import annotations

import hashlib
import logging
import os
import pathlib
import re
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from tests.integration.conftest import MINI, digests, evenweave, small_corpus
from transforms import atomic_writing
from transforms.storage import StoragePath

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URI of an empty bucket on this machine, with ``{}`` where the path goes."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    uri = f"s3://evenweave/{{}}?scheme=http&endpoint_override=127.0.0.1:{port}&allow_bucket_creation=true"
    StoragePath.of(uri.format("run")).filesystem.create_dir("evenweave")
    yield uri
    server.stop()


@pytest.fixture
def calls(bucket: str) -> Iterator[list[str]]:  # noqa: ARG001 - its server answers them
    """The requests that the server has answered, as ``PUT /evenweave/run/a``."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if said := re.search(r"(GET|HEAD|PUT|POST|DELETE) (\S+)", record.getMessage()):
                found.append(f"{said[1]} {said[2]}")

    log, keep = logging.getLogger("werkzeug"), Keep()
    level, propagates = log.level, log.propagate
    log.addHandler(keep)
    log.setLevel(logging.INFO)
    log.propagate = False
    yield found
    log.removeHandler(keep)
    log.setLevel(level)
    log.propagate = propagates


def test_a_small_file_is_one_put(bucket: str, calls: list[str]) -> None:
    folder = StoragePath.of(bucket.format("a/b"))
    calls.clear()
    (folder / "small.json").write_text("{}")
    with (folder / "empty.bin").atomic_writer():
        pass
    assert calls == ["PUT /evenweave/a/b/small.json", "PUT /evenweave/a/b/empty.bin"]
    assert [(file.path.name, file.size_bytes) for file in folder.stored_below()] == [
        ("empty.bin", 0),
        ("small.json", 2),
    ]


def test_a_large_file_is_put_once(bucket: str, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From disk, where it does not stay in memory; in parts, but neither renamed nor copied."""
    monkeypatch.setattr(atomic_writing, "_IN_MEMORY_BYTES", 1 << 20)
    path = StoragePath.of(bucket.format("a")) / "large.tar"
    content = os.urandom(23 << 20)
    calls.clear()
    with path.atomic_writer() as stream:
        for start in range(0, len(content), 3 << 20):
            stream.write(content[start : start + (3 << 20)])
        stream.close()  # as some writers do
    assert {call.split("?")[0].split()[1] for call in calls} == {"/evenweave/a/large.tar"} and len(calls) <= 6
    assert path.read_bytes() == content


def test_what_is_broken_off_leaves_what_was_there(bucket: str) -> None:
    path = StoragePath.of(bucket.format("broken_off")) / "run.json"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), path.atomic_writer() as stream:
        stream.write(b"half of what is to be")
        raise KeyboardInterrupt
    assert path.read_text() == "before"
    assert [file.path.name for file in path.parent.stored_below()] == ["run.json"]


def test_a_run_of_one_worker_in_an_object_store(bucket: str, finished_run: pathlib.Path, corpus: pathlib.Path) -> None:
    """The bytes of a run of two on a disk."""
    run = StoragePath.of(bucket.format("run"))
    evenweave("build", MINI, "--output", str(run), *small_corpus(corpus), "--set", "runner.workers=1")
    found = {path.relative_to(run): hashlib.sha256(path.read_bytes()).hexdigest() for path in run.walk()}
    assert found == digests(finished_run)
