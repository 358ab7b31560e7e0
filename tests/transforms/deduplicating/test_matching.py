"""The array rule against the same rule written out row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.deduplicating import nearest
from transforms.deduplicating.matching import (
    DUPLICATE,
    ROW,
    DuplicateKind,
    band_values,
    find_exact,
    find_near,
    locations,
    split,
    strongest,
)

DISTANCE = 3


def rows_of(low: list[int], high: list[int] | None = None, seed: int = 0) -> np.ndarray:
    rows = np.zeros(len(low), dtype=ROW)
    rows["low"] = low
    rows["high"] = high or 0
    rows["priority"] = np.random.default_rng(seed).permutation(len(low)) + 1
    rows["location"] = locations(5, len(low))
    return rows


def merge(parts: list[np.ndarray]) -> np.ndarray:
    duplicates = np.concatenate(parts)
    return duplicates[strongest(duplicates)]


def near_duplicates(rows: np.ndarray, partitions: int) -> np.ndarray:
    parts = [
        find_near(members, band, DISTANCE)
        for band in range(DISTANCE + 1)
        for _, members in split(band_values(rows["low"], band, DISTANCE), rows, partitions)
    ]
    return merge(parts)


@st.composite
def hashes(draw: st.DrawFn) -> list[int]:
    """Hashes in clusters: a few centres, each with copies of up to five flipped bits."""
    centres = draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4))
    flips = st.lists(st.integers(0, 63), max_size=5)
    found = []
    for centre in centres:
        copies = draw(st.lists(flips, min_size=1, max_size=8))
        found.extend(centre ^ sum(1 << bit for bit in set(bits)) for bits in copies)
    return found


@st.composite
def crowds(draw: st.DrawFn) -> list[int]:
    """Hashes that differ in few bits only, as white margins make them: whole bands are alike."""
    bits = draw(st.lists(st.integers(0, 63), min_size=3, max_size=14, unique=True))
    flips = draw(st.lists(st.integers(0, 2 ** len(bits) - 1), min_size=1, max_size=60))
    return [sum(1 << bit for place, bit in enumerate(bits) if one >> place & 1) for one in flips]


@pytest.mark.parametrize(("few", "many", "depth"), [(64, 4096, 2), (1, 2, 1), (1, 4, 2), (2, 2, 0)])
@given(hashes() | crowds(), st.integers(0, 1000), st.integers(1, 5))
def test_near_is_the_rule_written_out(
    few: int, many: int, depth: int, values: list[int], seed: int, partitions: int
) -> None:
    """However often the buckets are banded again."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_FEW", few), ("_MANY", many), ("_DEPTH", depth)):
            patch.setattr(nearest, name, value)
        _check_rule(values, seed, partitions)


def _check_rule(values: list[int], seed: int, partitions: int) -> None:
    rows = rows_of(values, seed=seed)
    distance = np.bitwise_count(rows["low"][:, None] ^ rows["low"][None, :])
    beaten = ((distance <= DISTANCE) & (rows["priority"][None, :] > rows["priority"][:, None])).any(axis=1)
    duplicates = near_duplicates(rows, partitions)
    assert sorted(duplicates["location"] & 0xFFFFFFFF) == sorted(np.flatnonzero(beaten))
    # the reason given is true, and of the nearest
    ranked = np.where(rows["priority"][None, :] > rows["priority"][:, None], distance, 99)
    for duplicate in duplicates:
        row, keeper = int(duplicate["location"]) & 0xFFFFFFFF, int(duplicate["keeper"]) & 0xFFFFFFFF
        assert distance[row, keeper] == duplicate["distance"]
        assert rows["priority"][keeper] > rows["priority"][row]
        assert duplicate["distance"] == ranked[row].min()


@given(hashes(), st.randoms(use_true_random=False))
def test_near_does_not_depend_on_the_order_of_rows(values: list[int], random: object) -> None:
    rows = rows_of(values)
    shuffled = rows.copy()
    random.shuffle(order := list(range(len(rows))))  # type: ignore[attr-defined]
    assert near_duplicates(rows, 3).tolist() == near_duplicates(shuffled[order], 2).tolist()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_exact_keeps_the_row_of_highest_priority_of_each_content(pairs: list[tuple[int, int]]) -> None:
    rows = rows_of([low for low, _ in pairs], [high for _, high in pairs])
    duplicates = find_exact(rows)
    kept = np.setdiff1d(rows["location"], duplicates["location"])
    best = {}
    for row in rows:
        content = (row["high"], row["low"])
        best[content] = max(best.get(content, (0, 0)), (row["priority"], row["location"]))
    assert sorted(kept) == sorted(location for _, location in best.values())
    assert (duplicates["kind"] == DuplicateKind.EXACT).all()


def test_a_million_equal_hashes_cost_a_sort() -> None:
    rows = rows_of([7] * 1_000_000)
    duplicates = near_duplicates(rows, 4)
    assert len(duplicates) == 999_999
    assert (duplicates["keeper"] == rows["location"][rows["priority"].argmax()]).all()


def test_exact_is_the_reason_given_when_both_hold() -> None:
    rows = rows_of([9, 9], [1, 1])
    duplicates = merge([near_duplicates(rows, 1), find_exact(rows)])
    assert duplicates["kind"].tolist() == [DuplicateKind.EXACT]


@pytest.mark.parametrize("exact_first", [True, False])
@pytest.mark.parametrize("keepers", [(1, 2), (2, 1)], ids=["exact's keeper first", "near's keeper first"])
def test_exact_is_the_reason_given_at_distance_0(exact_first: bool, keepers: tuple[int, int]) -> None:
    """Whichever is found first, and wherever the rows that are kept in its place stand."""
    exact = np.array([(5, DuplicateKind.EXACT, 0, keepers[0])], dtype=DUPLICATE)
    near = np.array([(5, DuplicateKind.NEAR, 0, keepers[1])], dtype=DUPLICATE)
    assert merge([exact, near] if exact_first else [near, exact]).tolist() == exact.tolist()


def test_of_near_duplicates_the_nearest_is_the_reason() -> None:
    far, nearer = (
        np.array([(5, DuplicateKind.NEAR, distance, keeper)], dtype=DUPLICATE) for distance, keeper in ((2, 1), (1, 9))
    )
    other = np.array([(4, DuplicateKind.NEAR, 3, 2)], dtype=DUPLICATE)
    tied = np.array([(5, DuplicateKind.NEAR, 1, 8)], dtype=DUPLICATE)
    assert merge([far, nearer, other]).tolist() == [*other.tolist(), *nearer.tolist()]
    assert merge([nearer, tied]).tolist() == merge([tied, nearer]).tolist() == tied.tolist()


@pytest.mark.parametrize("distance", range(9))
def test_bands_cover_every_bit_once(distance: int) -> None:
    ones = np.array([2**64 - 1], dtype=np.uint64)
    widths = [int(np.bitwise_count(band_values(ones, band, distance))[0]) for band in range(distance + 1)]
    assert sum(widths) == 64
    assert max(widths) - min(widths) <= 1


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_every_row_is_in_one_part_and_equal_values_in_the_same(partitions: int) -> None:
    values = np.array([5, 9, 5, 2**64 - 1, 0, 9, 5, 1, 2, 3, 4], dtype=np.uint64)
    rows = rows_of(values.tolist())
    parts = dict(split(values, rows, partitions))
    assert all(0 <= number < partitions and len(members) for number, members in parts.items())
    assert (
        sorted(row for members in parts.values() for row in members["location"].tolist()) == rows["location"].tolist()
    )
    for members in parts.values():
        inside = set(members["low"].tolist())
        assert sum(int(value) in inside for value in values) == len(members)
        assert members["location"].tolist() == sorted(members["location"].tolist())


def test_equal_hashes_are_reported_once() -> None:
    """By the first band: the others would find the same million copies again."""
    rows = rows_of([7, 7, 7])
    best = rows["location"][rows["priority"].argmax()]
    found = find_near(rows, 0, DISTANCE)
    assert found["distance"].tolist() == [0, 0] and found["keeper"].tolist() == [best, best]
    assert [len(find_near(rows, band, DISTANCE)) for band in range(1, DISTANCE + 1)] == [0, 0, 0]
