"""The lean tar writer against the standard library's."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.exporting.tar_writer import TarStream, member_header

member_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=150)


@given(name=member_names, size=st.integers(0, 8**11 + 5))
def test_headers_are_those_of_tarfile(name: str, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    assert member_header(name, size) == member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


@given(members=st.lists(st.tuples(member_names, st.binary(max_size=2000)), max_size=8))
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
