"""Figures of groups add up to the figures of the whole, and are right."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.packing.synthetic_lengths import synthetic_lengths
from transforms.packing.plan.planner import Plan, plan_packs
from transforms.packing.plan.tally import Histogram, PackTally, next_fit


@given(st.lists(st.integers(0, 10**7), min_size=1), st.lists(st.integers(0, 10**7)), st.floats(0, 1))
def test_quantiles_are_right_to_one_percent(first: list[int], second: list[int], share: float) -> None:
    together = Histogram.of(np.array(first)) + Histogram.of(np.array(second))
    assert together == Histogram.of(np.array(first + second)) and together.count == len(first + second)
    rank = max(math.ceil(share * together.count) - 1, 0)
    exact = sorted(first + second)[rank]
    assert together.quantile(share) == pytest.approx(exact, rel=0.011)


@pytest.mark.filterwarnings("error")
def test_nothing_and_nought() -> None:
    """Zeros have a bin of their own, without a warning of their logarithm; where there are no values, nought."""
    assert Histogram.of(np.zeros(3)).quantile(0.5) == 0.0
    assert Histogram.of(np.zeros(0)).quantile(0.5) == 0.0 and Histogram.of(np.zeros(0)).count == 0


def test_doubling_ranges() -> None:
    assert Histogram.of(np.array([0, 1, 2, 3, 700])).doubling() == {"0": 1, "1-1": 1, "2-3": 2, "512-1023": 1}


def naive_next_fit(lengths: list[int], capacity: int) -> int:
    packs, room = 0, -1
    for length in lengths:
        if length > room:
            packs, room = packs + 1, capacity
        room -= length
    return packs


@given(st.lists(st.integers(1, 50)), st.integers(50, 120))
def test_next_fit(lengths: list[int], capacity: int) -> None:
    assert next_fit(np.array(lengths, np.int32), capacity) == naive_next_fit(lengths, capacity)


def test_next_fit_refuses_what_fits_nowhere() -> None:
    with pytest.raises(ValueError, match="a document of 11 tokens"):
        next_fit(np.array([3, 11]), 10)


def test_measures() -> None:
    tokens, patches = np.array([6, 4, 5, 5, 99]), np.array([8, 0, 4, 4, 0])
    tally = PackTally.of(tokens, patches, Plan(np.array([0, 0, 1, 1, -1], np.int32), 2), 10)
    measures = tally.measures()
    assert (measures["documents"], measures["packs"], measures["fewest_packs"], measures["fill"]) == (4, 2, 2, 1.0)
    assert measures["documents_per_pack"] == 2
    assert measures["fill_one_document_a_row"] == 0.5
    assert measures["padding_saved_against_one_document_a_row"] == 1
    assert tally.pack_patches.bins == Histogram.of(np.array([8, 8])).bins
    assert tally.pack_attention == Histogram.of(np.array([36 + 16, 25 + 25]))


def test_groups_add_up_and_survive_json() -> None:
    tokens, patches = synthetic_lengths(4_000)
    groups = []
    for part in (slice(0, 1_500), slice(1_500, 4_000)):
        plan = plan_packs(tokens[part], 8192)
        groups.append(PackTally.of(tokens[part], patches[part], plan, 8192))
    total = PackTally.total(groups)
    assert total == groups[1] + groups[0] and total.documents == 4_000 and total.tokens == tokens.sum()
    assert PackTally.from_dict(json.loads(json.dumps(total.to_dict()))) == total
    measures = total.measures()
    assert measures["fill"] > 0.98 > measures["fill_first_come"] > measures["fill_one_document_a_row"]
    assert 0 < measures["padding_saved_against_first_come"] < measures["padding_saved_against_one_document_a_row"] < 1


def test_nothing_packed() -> None:
    measures = PackTally.empty().measures()
    assert measures["packs"] == 0 and math.isnan(measures["fill"])


def test_two_documents_of_one_token() -> None:
    one = np.ones(2, np.int32)
    tally = PackTally.of(one, np.zeros(2, np.int32), Plan(np.zeros(2, np.int32), 1), 2)
    assert (tally.documents, tally.tokens, tally.packs, tally.room_tokens, tally.next_fit_packs) == (2, 2, 1, 2, 1)
    assert tally.document_tokens.bins == {0: 2} and tally.document_patches.bins == {-1: 2}
    assert tally.pack_documents == tally.pack_attention == tally.pack_tokens == Histogram.of(np.array([2]))
    assert (next_fit(one, 1), next_fit(one, 2), next_fit(np.ones(3, np.int32), 2)) == (2, 1, 2)
    assert tally.document_tokens.doubling() == {"1-1": 2}


def test_the_attention_of_documents_over_46340_tokens() -> None:
    """Their squares are over 2^31, and three of them over 2^32."""
    long = np.full(3, 46_341, np.int32)
    tally = PackTally.of(long, np.zeros(3, np.int32), Plan(np.zeros(3, np.int32), 1), 3 * 46_341)
    assert tally.pack_attention == Histogram.of(np.array([3 * 46_341**2], np.int64))
    assert tally.pack_attention.quantile(0.5) == pytest.approx(3 * 46_341**2, rel=0.01)
