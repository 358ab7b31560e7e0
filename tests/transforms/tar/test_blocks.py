"""An archive's bytes in pieces of any size, whatever the stream gives at once."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.tar import blocks
from transforms.tar.blocks import ArchiveBytes

steps = st.tuples(st.sampled_from(["take", "peek", "skip"]), st.integers(0, 70))


class Halting(io.BytesIO):
    """Gives no more than so many bytes at once, as a socket does."""

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__(data)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self._most if size is None or size < 0 else min(size, self._most))

    def readinto(self, buffer: Any, /) -> int:
        return super().readinto(memoryview(buffer)[: self._most])


@given(
    data_bytes=st.integers(0, 200),
    archive_bytes=st.integers(0, 220),
    most=st.integers(1, 40),
    chunk_bytes=st.integers(1, 40),
    steps=st.lists(steps, max_size=12),
)
def test_the_pieces_are_those_of_the_whole(
    data_bytes: int, archive_bytes: int, most: int, chunk_bytes: int, steps: list[tuple[str, int]]
) -> None:
    """The stream may end before the archive should, or go on behind it."""
    data = bytes(range(data_bytes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_CHUNK_BYTES", chunk_bytes)
        archive = ArchiveBytes(Halting(data, most), archive_bytes)
    whole, at = data[:archive_bytes], 0
    for step, size in [*steps, ("skip", 0), ("peek", 1), ("take", 221), ("skip", 1), ("peek", 1), ("take", 1)]:
        expected = whole[at : at + size]
        if step == "peek":
            found = archive.peek(size)
            assert expected.startswith(found)
            assert bool(found) == bool(expected)
        elif step == "take":
            assert archive.take(size) == expected
            at += len(expected)
        else:
            archive.skip(size)
            at += len(expected)
        assert archive.offset == at


def test_blocks_are_passed_over_whole() -> None:
    archive = ArchiveBytes(io.BytesIO(bytes(512) + b"\1" * 512 + b"\2" * 512), 3 * 512)
    archive.skip_blocks(0)
    assert archive.offset == 0
    archive.skip_blocks(1)
    assert archive.take(1) == b"\1"
    archive.skip(511)
    archive.skip_blocks(512)
    assert (archive.offset, archive.peek(1)) == (3 * 512, b"")
