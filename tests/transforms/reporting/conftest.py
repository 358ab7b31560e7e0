from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.transforms.reporting.synthetic_run import Row, SyntheticRun
from transforms.browsing.found_images import Fetch
from transforms.errors import InputError
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath


@pytest.fixture
def root(tmp_path: object) -> StoragePath:
    return StoragePath.of(str(tmp_path)) / "run"


@pytest.fixture
def fetch() -> Fetch:
    """A green picture everywhere but at offset 404, where the input is gone, and 500, where it is no image."""

    def read(source: str, shard: str, member_offset: int, member_bytes: int) -> bytes:  # noqa: ARG001
        if member_offset == 404:
            raise InputError("gone")
        if member_offset == 500:
            return b"no image"
        stream = io.BytesIO()
        Image.new("RGB", (60, 40), "green").save(stream, "PNG")
        return stream.getvalue()

    return read


@pytest.fixture
def small_run() -> SyntheticRun:
    """Two sources; the concept "rare" was never selected, and "absent" stands on no image."""
    return SyntheticRun(
        concepts=[("dog", 5, 3, 2), ("cat", 3, 1, 2), ("rare", 1, 1, 0), ("absent", 0, 0, 0)],
        rows={
            ("web", "a"): [
                Row("w1", [0, 1], caption="a dog and a cat", copies=1),
                Row("w2", [0], copies=1, offset=404),
                Row("w3", [0, 2], lang="fr"),
                Row("w4", [0]),
            ],
            ("zh", "b"): [Row("z1", [1], lang="zh", copies=2, offset=500), Row("z2", [0, 1], lang="zh")],
        },
        rejects={
            ("annotate", "web", "a"): [
                Reject("bad1", Reason.TRUNCATED_IMAGE, "ends at byte 12"),
                Reject("bad2", Reason.MISSING_CAPTION, "no .txt"),
                Reject("bad3", Reason.MISSING_CAPTION, "no .txt"),
            ],
            ("deduplicate", "zh", "b"): [Reject("twin", Reason.EXACT_DUPLICATE, "of web/a/w1")],
        },
    )
