"""Headers against the standard library's, made one at a time and many at once."""

from __future__ import annotations

import tarfile

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.tar.tar_members import member_texts
from transforms.tar.columns import TEXT
from transforms.tar.headers import member_header, member_headers

sizes = st.integers(0, 8**11 + 5)


def reference(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


@given(name=member_texts, size=sizes)
def test_one(name: str, size: int) -> None:
    assert member_header(name, size) == reference(name, size)


@given(
    members=st.one_of(
        st.lists(st.tuples(member_texts, sizes), min_size=1, max_size=8),
        st.lists(st.tuples(st.text("a图/.", max_size=33), st.integers(0, 8**11 - 1)), min_size=1, max_size=8),
    )
)
def test_many(members: list[tuple[str, int]]) -> None:
    names, of_bytes = zip(*members, strict=True)
    found = member_headers(pa.array(names, TEXT), np.array(of_bytes))
    assert found.to_pylist() == [reference(*member) for member in members]


@pytest.mark.parametrize("size", [0, 8**11 - 1, 8**11, 8**11 + 1], ids=["0", "8 GiB - 1", "8 GiB", "8 GiB + 1"])
@pytest.mark.parametrize("name", ["n" * 99, "n" * 100, "n" * 101, "图" * 33, "图" * 33 + "n", "图" * 34])
def test_the_longest_name_and_the_largest_size(name: str, size: int) -> None:
    """100 bytes and 8 GiB - 1 are the last that a plain header holds; alone, and among ordinary ones."""
    expected = reference(name, size)
    assert len(expected) == (512 if len(name.encode()) <= 100 else 1536)
    assert member_header(name, size) == expected
    ordinary = ("a.jpg", 7)
    for members in ([(name, size)], [ordinary, (name, size)], [(name, size), ordinary], [(name, 7), ("a.jpg", size)]):
        names, of_bytes = zip(*members, strict=True)
        found = member_headers(pa.array(names, TEXT), np.array(of_bytes))
        assert found.to_pylist() == [reference(*member) for member in members]


def test_no_members_have_no_headers() -> None:
    assert len(member_headers(pa.array([], TEXT), np.array([], np.int64))) == 0
