"""A run folder in an object store (a local S3 server): the same files, byte for byte, as on a disk."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from tests.integration.conftest import MINI, digests, evenweave, small_corpus
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


def test_a_run_in_an_object_store(bucket: str, finished_run: pathlib.Path, corpus: pathlib.Path) -> None:
    run = StoragePath.of(bucket.format("run"))
    evenweave("build", MINI, "--output", str(run), *small_corpus(corpus))
    found = {path.relative_to(run): hashlib.sha256(path.read_bytes()).hexdigest() for path in run.walk()}
    assert found == digests(finished_run)
