"""Files of records in parts: ranges that join, names that differ, and a folder of media that is there."""

from __future__ import annotations

import itertools
import pathlib
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.conversations.record_parts import check_media_folder, check_names, line_ranges
from transforms.errors import InputError
from transforms.storage import StoragePath


class One(NamedTuple):
    name: str
    path: StoragePath


@given(st.integers(0, 1000), st.integers(1, 300))
def test_ranges_join_and_are_numbered_where_there_are_several(size_bytes: int, range_bytes: int) -> None:
    ranges = line_ranges("a", size_bytes, range_bytes)
    assert (ranges[0][1], ranges[-1][2]) == (0, size_bytes)
    assert all(
        end == first == index * range_bytes
        for index, ((_, _, end), (_, first, _)) in enumerate(itertools.pairwise(ranges), start=1)
    )
    names = [name for name, _, _ in ranges]
    assert names == (["a"] if size_bytes <= range_bytes else [f"a-{index:05d}" for index in range(len(ranges))])


def test_names_tell_parts_apart() -> None:
    a, b = StoragePath.of("/x/a.json"), StoragePath.of("/y/a.jsonl")
    check_names("s", [One("a-00000", a), One("a-00001", a), One("b", b)])
    with pytest.raises(InputError, match=r"source s: /x/a\.json and /y/a\.jsonl would both be called a\. Make them"):
        check_names("s", [One("a", a), One("a", b)])


def test_media_lie_where_they_are_said_to(tmp_path: pathlib.Path) -> None:
    check_media_folder("s", None)
    check_media_folder("s", str(tmp_path))
    with pytest.raises(InputError, match=r"source s: there is no folder of media at .*none\. Mend the setting media"):
        check_media_folder("s", str(tmp_path / "none"))
