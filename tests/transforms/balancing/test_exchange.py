"""Exchanges mend what chance drew too little of, and touch no size."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import count_concepts, random_ids
from transforms.balancing import exchange
from transforms.balancing.exchange import Candidates, Exchange, Offers, Shortage

V, ROWS = 12, 200


def offers(ids: np.ndarray, chosen: np.ndarray, floor: np.ndarray, parts: list[np.ndarray]) -> Offers:
    random = np.random.default_rng(0)
    rank, sample_ids = random.random(ROWS), random.permutation(ROWS).astype(np.uint64)
    shortage = Shortage(count_concepts(ids[chosen], V), floor)
    total = Offers.zero(shortage)
    for rows in parts:
        part = Offers.zero(shortage)
        found = Candidates(sample_ids[rows], rows % 2, rank[rows], ids[rows])
        part.add(found.take(np.flatnonzero(~chosen[rows])), found.take(np.flatnonzero(chosen[rows])))
        total += part
    return total


def exchanged(total: Offers, chosen: np.ndarray) -> np.ndarray:
    sample_ids = np.random.default_rng(0)
    sample_ids.random(ROWS)
    change = Exchange.choose(total).of_rows(sample_ids.permutation(ROWS).astype(np.uint64))
    return np.asarray(chosen + change)


@given(
    st.integers(0, 10**6),
    st.integers(0, 6),
    st.permutations(range(ROWS)),
    st.integers(1, 5),
    st.sampled_from([0, 1000]),
)
def test_a_shortage_is_mended_in_any_parts_and_order(
    seed: int, least: int, order: list[int], parts: int, looked_through_from: int
) -> None:
    ids = random_ids(ROWS, V, 3, seed)
    chosen = np.random.default_rng(seed).random(ROWS) < 0.6
    floor = np.minimum(least, count_concepts(ids, V))
    after = exchanged(offers(ids, chosen, floor, [np.arange(ROWS)]), chosen)
    with mock.patch.object(exchange, "_LEAST_PRUNED", looked_through_from):
        other = exchanged(offers(ids, chosen, floor, np.array_split(np.array(order), parts)), chosen)
    np.testing.assert_array_equal(after, other)
    assert set(after.tolist()) <= {0, 1}
    for group in (0, 1):
        assert after[group::2].sum() == chosen[group::2].sum()
    before, now = count_concepts(ids[chosen], V), count_concepts(ids[after == 1], V)
    assert (now >= np.minimum(before, floor)).all()  # what had enough keeps enough
    assert (now >= floor).all()  # and here enough can be spared


def test_only_as_many_come_in_as_are_missing() -> None:
    ids = np.array([[0], [0], [0], [1], [1], [1], [1], [1]], np.int32)
    chosen = np.array([1, 0, 0, 1, 1, 1, 0, 0], bool)
    rows = Candidates(np.arange(8, dtype=np.uint64), np.zeros(8, np.int64), np.arange(8.0), ids)
    total = Offers.zero(Shortage(np.array([1, 3]), np.array([2, 2])))
    total.add(rows.take(np.flatnonzero(~chosen)), rows.take(np.flatnonzero(chosen)))
    found = Exchange.choose(total)
    assert dict(zip(found.sample_id.tolist(), found.change.tolist(), strict=True)) == {1: 1, 5: -1}


def test_where_none_can_be_spared_nothing_changes() -> None:
    ids = np.array([[0], [1], [1]], np.int32)
    chosen = np.array([0, 1, 1], bool)
    rows = Candidates(np.arange(3, dtype=np.uint64), np.zeros(3, np.int64), np.arange(3.0), ids)
    total = Offers.zero(Shortage(np.array([0, 2]), np.array([1, 2])))
    total.add(rows.take(np.flatnonzero(~chosen)), rows.take(np.flatnonzero(chosen)))
    assert len(Exchange.choose(total).sample_id) == 0


def test_what_could_not_go_is_asked_again_once_its_concept_came_in() -> None:
    """Nothing can go for row 0, which comes first; for row 1, which holds concept 2 as well, row 2 can."""
    ids = np.array([[0, -1], [1, 2], [2, -1]], np.int32)
    rows = Candidates(np.arange(3, dtype=np.uint64), np.zeros(3, np.int64), np.array([1.0, 2.0, 9.0]), ids)
    total = Offers.zero(Shortage(np.array([0, 0, 1]), np.array([1, 1, 1])))
    total.add(rows.take(np.array([0, 1])), rows.take(np.array([2])))
    found = Exchange.choose(total)
    assert dict(zip(found.sample_id.tolist(), found.change.tolist(), strict=True)) == {1: 1, 2: -1}


def test_a_concept_that_stands_twice_for_an_image_is_spared_twice() -> None:
    ids = np.array([[0, -1], [1, 1], [1, -1]], np.int32)
    rows = Candidates(np.arange(3, dtype=np.uint64), np.zeros(3, np.int64), np.array([1.0, 9.0, 2.0]), ids)
    total = Offers.zero(Shortage(np.array([0, 3]), np.array([1, 2])))
    total.add(rows.take(np.array([0])), rows.take(np.array([1, 2])))
    found = Exchange.choose(total)
    assert dict(zip(found.sample_id.tolist(), found.change.tolist(), strict=True)) == {0: 1, 2: -1}


def test_where_more_is_missing_than_can_be_looked_at_floors_that_lack_least_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "MOST_EXCHANGES", 6)
    shortage = Shortage(np.array([0, 7, 9, 5, 9]), np.array([9, 9, 9, 9, 12]))
    assert shortage.missing.tolist() == [9, 2, 0, 4, 3]
    assert shortage.sought.tolist() == [0, 2, 0, 0, 3]
    assert shortage.outgoing_limit == 6
