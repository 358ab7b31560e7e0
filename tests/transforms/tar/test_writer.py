"""The lean tar writer against the standard library's."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.tar.tar_members import member_texts
from transforms.tar.writer import TarStream


@given(members=st.lists(st.tuples(member_texts, st.binary(max_size=2000)), max_size=8))
def test_the_whole_is_that_of_tarfile(members: list[tuple[str, bytes]]) -> None:
    ours, theirs = io.BytesIO(), io.BytesIO()
    tar = TarStream(ours)
    with tarfile.open(fileobj=theirs, mode="w", format=tarfile.GNU_FORMAT) as reference:
        for name, data in members:
            assert tar.offset_bytes == theirs.tell()
            tar.add(name, data)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            reference.addfile(member, io.BytesIO(data))
    assert tar.finish() == hashlib.sha256(theirs.getvalue()).hexdigest()
    assert ours.getvalue() == theirs.getvalue()
    assert tar.offset_bytes == len(theirs.getvalue())


@pytest.mark.parametrize("blocks", [16, 17, 18, 19, 20])
def test_the_end_fills_the_last_record(blocks: int) -> None:
    """A record has 20 blocks, of which the end needs two: where fewer are left, it takes another record."""
    ours, theirs = io.BytesIO(), io.BytesIO()
    tar = TarStream(ours)
    tar.add("a", bytes((blocks - 1) * 512))
    tar.finish()
    with tarfile.open(fileobj=theirs, mode="w", format=tarfile.GNU_FORMAT) as reference:
        member = tarfile.TarInfo("a")
        member.size = (blocks - 1) * 512
        reference.addfile(member, io.BytesIO(bytes(member.size)))
    assert ours.getvalue() == theirs.getvalue()


class Sizes(io.BytesIO):
    """Keeps what each write brought."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []

    def write(self, data: Any, /) -> int:
        self.written.append(len(data))
        return super().write(data)


@pytest.mark.parametrize("member_bytes", [10, 511, 5_000, 100_000])
def test_small_members_are_joined_and_nothing_is_held_long(member_bytes: int) -> None:
    """A write each would cost a request or a system call; never to write would hold the tar in memory."""
    stream = Sizes()
    tar = TarStream(stream)
    for number in range(200):
        tar.add(str(number), bytes(member_bytes))
        assert tar.offset_bytes - len(stream.getbuffer()) < 1 << 20
    tar.finish()
    assert max(stream.written) < 1 << 20
    if member_bytes <= 5_000:
        assert len(stream.written) < 20


@pytest.mark.parametrize("length", [99, 100, 101, 3000])
def test_long_names_are_read_back(length: int) -> None:
    stream = io.BytesIO()
    tar = TarStream(stream)
    tar.add("x" * length, b"data")
    tar.finish()
    stream.seek(0)
    with tarfile.open(fileobj=stream) as reader:
        [member] = reader.getmembers()
        assert member.name == "x" * length
        assert reader.extractfile(member).read() == b"data"
