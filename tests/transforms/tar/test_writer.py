"""The lean tar writer against the standard library's."""

from __future__ import annotations

import hashlib
import io
import tarfile

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
