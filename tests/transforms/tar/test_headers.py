"""Headers against the standard library's, made one at a time and many at once."""

from __future__ import annotations

import tarfile

import numpy as np
import pyarrow as pa
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
