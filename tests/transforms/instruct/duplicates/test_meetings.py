"""Who meets whom."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.transforms.instruct.duplicates.small_duplicates import SETTINGS, asking, picture
from transforms.instruct.duplicates.described import ROW, describe
from transforms.instruct.duplicates.meetings import (
    MEETING,
    by_part,
    by_partition,
    candidates,
    fold_lists,
    pairs_of,
    row_meetings,
    rows_within,
    shown_by,
)
from transforms.instruct.rows import Row

LONG = "Describe in one short paragraph how the harbour of the old town looks on a rainy morning in early spring"


def met(*rows: Row) -> set[tuple[int, int]]:
    table = describe(rows, SETTINGS, 0)
    numbers = np.frombuffer(b"".join(table["row"].to_pylist()), ROW).copy()
    numbers["location"] = np.arange(len(rows))
    meetings = row_meetings(numbers, table["bands"], shown_by(table["media"]), True)
    parts = [part for _, part in by_partition(meetings, 3)]
    return {(int(one["one"]), int(one["other"])) for part in parts for one in candidates([part])}


def test_near_texts_meet_and_others_do_not() -> None:
    rows = [
        asking("0", LONG, "x"),
        asking("1", LONG + " then", "x"),
        asking("2", "Who wrote the tale of two cities?", "x"),
    ]
    assert met(*rows) == {(0, 1)}


def test_rows_of_one_picture_meet_and_those_of_two_never() -> None:
    one, other = picture("a"), picture("b")
    rows = [asking("0", "Who?", "x", one), asking("1", "What?", "y", one), asking("2", "Who?", "x", other)]
    assert met(*rows) == {(0, 1)}


def test_the_order_of_pictures_counts() -> None:
    one, other = picture("a"), picture("b")
    assert met(asking("0", "Who?", "x", one, other), asking("1", "What?", "x", other, one)) == set()


def test_rows_that_are_the_same_need_no_meeting() -> None:
    assert met(asking("0", LONG, "x"), asking("1", LONG.upper(), "x.")) == set()


def test_a_large_meeting_hangs_together_without_all_its_pairs() -> None:
    meetings = np.zeros(500, MEETING)
    meetings["same"] = meetings["location"] = np.arange(500)
    meetings["order"] = np.random.default_rng(0).permutation(500)
    pairs = candidates([meetings[:200], meetings[200:]])
    assert len(pairs) < 500 * 33
    order = np.argsort(meetings["order"])
    chained = pairs_of(order[:-1].astype(np.uint64), order[1:].astype(np.uint64))
    assert np.isin(chained, pairs).all()
    np.testing.assert_array_equal(candidates([meetings[::-1]]), pairs)


@pytest.mark.parametrize(
    ("one", "other", "same"), [([1, 2], [1, 2], True), ([1, 2], [2, 1], False), ([], [0], False), ([3], [3, 3], False)]
)
def test_lists_have_one_number(one: list[int], other: list[int], same: bool) -> None:
    lists = pa.chunked_array([pa.array([one, other], pa.list_(pa.uint64()))])
    first, second = shown_by(lists)
    assert (first == second) == same
    assert fold_lists(np.array([], np.uint64), np.array([0]))[0] == 0


def test_pairs_go_to_the_part_of_either() -> None:
    part = np.uint64(1 << 32)
    pairs = pairs_of(np.array([3, 5], np.uint64), np.array([1, 2], np.uint64) * part + np.uint64(7))
    assert [number for number, _ in by_part(pairs, "one")] == [0]
    assert [(number, rows_within(found["other"]).tolist()) for number, found in by_part(pairs, "other")] == [
        (1, [7]),
        (2, [7]),
    ]
