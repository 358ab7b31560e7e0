"""Rows that share a picture, or a question, belong together."""

from __future__ import annotations

import numpy as np

from tests.transforms.instruct.duplicates.small_duplicates import SETTINGS, asking
from transforms.instruct.duplicates.components import join
from transforms.instruct.duplicates.described import ROW, describe
from transforms.instruct.duplicates.grouping import group_bytes, group_names, media_pairs


def test_rows_of_shared_pictures_have_one_name() -> None:
    media, lengths = np.array([7, 7, 8, 8, 9], np.uint64), np.array([1, 2, 1, 1])
    names = group_names(np.zeros(4, ROW), media, lengths)
    assert len(set(names.tolist())) == 3
    joined = join([media_pairs(media, lengths)]).of(names)
    assert len(set(joined[:3].tolist())) == 1
    assert joined[3] != joined[0]


def test_rows_without_pictures_belong_to_their_question() -> None:
    rows = [asking("0", "Who?", "x"), asking("1", "who", "y"), asking("2", "Why?", "x"), asking("3", "", "x")]
    numbers = np.frombuffer(b"".join(describe(rows, SETTINGS, 0)["row"].to_pylist()), ROW)
    names = group_names(numbers, np.empty(0, np.uint64), np.zeros(4, np.int64))
    assert names[0] == names[1]
    assert len(set(names.tolist())) == 3


def test_a_name_is_16_bytes() -> None:
    assert len(group_bytes(2**64 - 1)) == 16
    assert group_bytes(1) != group_bytes(2)
