"""Every document in exactly one pack, no pack over any capacity, and the plan a function of the documents alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.packing.synthetic_lengths import synthetic_lengths
from transforms.packing.plan.histogram_fit import fit
from transforms.packing.plan.planner import Plan, _Capacity, _excess, _Work, plan_packs


def document_ids(count: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 2**63, count, dtype=np.uint64)


def pack_sums(plan: Plan, values: np.ndarray) -> np.ndarray:
    inside = plan.pack >= 0
    return np.bincount(plan.pack[inside], values[inside].astype(float), plan.num_packs)


def contents(plan: Plan, ids: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(ids[members].tolist()) for members in plan.members()}


def naive_best_fit_decreasing(lengths: list[int], capacity: int) -> int:
    """The textbook algorithm, one item at a time."""
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [room for room in rooms if room >= length]
        if fitting:
            rooms.remove(min(fitting))
            rooms.append(min(fitting) - length)
        else:
            rooms.append(capacity - length)
    return len(rooms)


@st.composite
def documents(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    """Lengths (some over the capacity), patches, and the capacity."""
    capacity = draw(st.integers(1, 300))
    count = draw(st.integers(0, 120))
    lengths = draw(st.lists(st.integers(1, int(capacity * 1.1) + 1), min_size=count, max_size=count))
    patches = [4 * draw(st.integers(0, length)) for length in lengths]
    return np.array(lengths, np.int32), np.array(patches, np.int32), capacity


@given(
    documents(), st.booleans(), st.one_of(st.none(), st.integers(1, 1200)), st.one_of(st.none(), st.integers(1, 90_000))
)
@settings(max_examples=100, deadline=None)
def test_nothing_is_lost_and_no_pack_is_over_a_capacity(
    drawn: tuple[np.ndarray, np.ndarray, int], balance: bool, max_patches: int | None, max_attention: int | None
) -> None:
    lengths, patches, capacity = drawn
    plan = plan_packs(
        lengths,
        capacity,
        ids=document_ids(len(lengths)),
        num_patches=patches,
        max_patches=max_patches,
        max_attention=max_attention,
        balance=balance,
    )
    squares = lengths.astype(np.int64) ** 2
    impossible = lengths > capacity
    impossible |= patches > (max_patches if max_patches is not None else np.inf)
    impossible |= squares > (max_attention if max_attention is not None else np.inf)
    np.testing.assert_array_equal(plan.too_long(), np.flatnonzero(impossible))
    members = plan.members()
    assert len(members) == plan.num_packs and all(len(pack) for pack in members)
    together = np.sort(np.concatenate([*members, np.empty(0, np.int64)]))
    np.testing.assert_array_equal(together, np.flatnonzero(~impossible))
    for values, limit in ((lengths, capacity), (patches, max_patches), (squares, max_attention)):
        assert limit is None or (pack_sums(plan, values) <= limit).all()


@given(documents())
@settings(max_examples=100, deadline=None)
def test_as_few_packs_as_the_textbook(drawn: tuple[np.ndarray, np.ndarray, int]) -> None:
    lengths, _, capacity = drawn
    fitting = lengths[lengths <= capacity].tolist()
    assert plan_packs(lengths, capacity).num_packs == naive_best_fit_decreasing(fitting, capacity)


@given(documents(), st.booleans(), st.integers(0, 5), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_order_of_the_documents_gives_the_same_packs(
    drawn: tuple[np.ndarray, np.ndarray, int], balance: bool, shuffle: int, capped: bool
) -> None:
    lengths, patches, capacity = drawn
    ids = document_ids(len(lengths))
    order = np.random.default_rng(shuffle).permutation(len(lengths))
    caps = {"max_patches": 2 * capacity} if capped else {}
    plan = plan_packs(lengths, capacity, ids=ids, num_patches=patches, balance=balance, **caps)
    other = plan_packs(lengths[order], capacity, ids=ids[order], num_patches=patches[order], balance=balance, **caps)
    assert contents(plan, ids) == contents(other, ids[order])


def test_golden_plan() -> None:
    """Plans stand in files: a change of these values is a change of format."""
    lengths = [7, 3, 5, 5, 2, 8, 12, 1, 4, 3]
    assert plan_packs(lengths, 10).pack.tolist() == [0, 2, 3, 3, 1, 1, -1, 2, 2, 0]
    assert plan_packs(lengths, 10, seed=1).num_packs == 4


@pytest.mark.parametrize(
    "options, packs, digest",
    [
        ({}, 334, "40f5f557c8c49b9b"),
        ({"balance": True}, 334, "e7fef23e597d3a99"),
        ({"balance": True, "max_patches": 27_000}, 334, "6faae0ab7356df39"),
        ({"max_patches": 27_000, "max_attention": 20_000_000}, 328, "f025d4986eb44d66"),
    ],
)
def test_golden_plans_of_many(options: dict[str, Any], packs: int, digest: str) -> None:
    lengths, patches = synthetic_lengths(3_000)
    plan = plan_packs(lengths, 8192, ids=document_ids(3_000), num_patches=patches, **options)
    assert (plan.num_packs, xxhash.xxh3_64_hexdigest(plan.pack.astype("<i4").tobytes())) == (packs, digest)


def test_the_seed_decides_which_of_equals_meet() -> None:
    lengths, ids = np.full(40, 5), document_ids(40)
    plans = [contents(plan_packs(lengths, 10, ids=ids, seed=seed), ids) for seed in (0, 1, 0)]
    assert plans[0] == plans[2] != plans[1]


def test_packs_mix_sources() -> None:
    """Two sources of the same lengths, one after the other in the input: nearly every pack holds both."""
    lengths, _ = synthetic_lengths(5_000)
    lengths, source = np.tile(lengths, 2), np.repeat([0, 1], 5_000)
    plan = plan_packs(lengths, 8192, ids=document_ids(10_000))
    shares = pack_sums(plan, source) / pack_sums(plan, np.ones(10_000))
    many = pack_sums(plan, np.ones(10_000)) >= 6
    assert ((shares[many] > 0) & (shares[many] < 1)).mean() > 0.9


@pytest.mark.parametrize("balance", [False, True])
def test_fill_on_the_published_histogram(balance: bool) -> None:
    lengths, patches = synthetic_lengths(100_000)
    plan = plan_packs(lengths, 8192, ids=document_ids(100_000), num_patches=patches, balance=balance)
    assert -(-int(lengths.sum()) // 8192) / plan.num_packs >= 0.999


def spread(values: np.ndarray) -> float:
    return float(np.percentile(values, 99) / np.median(values))


def test_balance_and_patch_capacity_even_out_the_vision_cost() -> None:
    lengths, patches = synthetic_lengths(100_000)
    ids = document_ids(100_000)
    mean = patches.sum() / lengths.sum() * 8192
    plain = plan_packs(lengths, 8192, ids=ids)
    balanced = plan_packs(lengths, 8192, ids=ids, num_patches=patches, balance=True)
    capped = plan_packs(lengths, 8192, ids=ids, num_patches=patches, max_patches=int(1.2 * mean), balance=True)
    spreads = [spread(pack_sums(plan, patches)) for plan in (plain, balanced, capped)]
    assert spreads[0] > 1.3 > 1.27 > spreads[1] > 1.15 > spreads[2]
    fitting = capped.pack >= 0
    assert lengths[fitting].sum() / 8192 / capped.num_packs > 0.99  # evenness costs less than 1 % of fill


def test_no_pack_is_left_empty_when_each_capacity_takes_what_the_other_left() -> None:
    """Two documents, each the greatest by another measure, and beside them ones that fill other packs."""
    lengths = np.array([102, 104] + [1] * 63, np.int32)
    patches = np.array([252, 4] + [0] * 63, np.int32)
    plan = plan_packs(lengths, 206, num_patches=patches, max_patches=252, max_attention=104**2 + 155)
    assert plan.num_packs == len(np.unique(plan.pack)) == plan.pack.max() + 1


def test_documents_over_46340_tokens() -> None:
    """Their squares are over 2^31. Two fill a pack to the last of its tokens, small ones another."""
    long = 46_341
    assert long**2 > np.iinfo(np.int32).max >= (long - 1) ** 2
    lengths = [long, long] + 100 * [2 * long // 100] + [2 * long % 100]
    assert plan_packs(lengths, 2 * long, max_attention=2 * long**2).num_packs == 2
    assert plan_packs(lengths, 2 * long, max_attention=2 * long**2 - 1).num_packs == 3
    assert plan_packs([long, 60_000], 200_000, max_attention=60_000**2).num_packs == 2
    assert plan_packs([long, 60_000], 200_000, max_attention=60_000**2 - 1).too_long().tolist() == [1]


@pytest.mark.parametrize("pack_tokens, packs", [(1, 2), (2, 1), (3, 1)])
def test_two_documents_of_one_token(pack_tokens: int, packs: int) -> None:
    for balance in (False, True):
        plan = plan_packs([1, 1], pack_tokens, num_patches=np.array([0, 4], np.int32), balance=balance)
        assert plan.num_packs == packs and sorted(plan.pack.tolist()) == [0, packs - 1]
        assert np.concatenate(plan.members()).tolist() in ([0, 1], [1, 0])


def test_a_bound_is_what_is_still_allowed() -> None:
    """Documents of 3 and 4 tokens fill a pack, seven of one token another: equal to a bound fits, one more does not."""
    lengths, patches = np.array([3, 4] + [1] * 7, np.int32), np.array([8, 12] + [0] * 7, np.int32)
    for less in (0, 1):
        assert plan_packs(lengths, 7 - less).num_packs == 2 + less
        assert plan_packs(lengths, 7, max_attention=3**2 + 4**2 - less).num_packs == 2 + less
        assert plan_packs(lengths, 7, num_patches=patches, max_patches=20 - less).num_packs == 2 + less
    assert plan_packs([4], 4, max_attention=16).num_packs == 1
    assert plan_packs([4], 4, max_attention=15).too_long().tolist() == [0]
    assert plan_packs([4], 4, num_patches=np.array([12], np.int32), max_patches=11).too_long().tolist() == [0]


def test_the_tighter_capacity_decides_the_packs() -> None:
    """Images only: tokens leave room, patches do not, and packs come out level."""
    lengths = np.random.default_rng(0).integers(100, 900, 20_000)
    patches = 4 * lengths
    plan = plan_packs(lengths, 8192, ids=document_ids(20_000), num_patches=patches, max_patches=16_000, balance=True)
    assert plan.num_packs <= 1.06 * patches.sum() / 16_000
    assert spread(pack_sums(plan, patches)) < 1.04


def test_shares_of_a_capacity_are_rounded_up() -> None:
    """Ten documents of 8 patches: each takes more than half of the 15 that a pack holds, so no two may share one."""
    patches = np.full(10, 8, np.int32)
    plan = plan_packs(np.ones(10), 10, num_patches=patches, max_patches=15)
    assert pack_sums(plan, patches).tolist() == [8] * 10


def test_spread_opens_all_packs_at_once() -> None:
    """Six long and six short: dealt, each pack gets one long; best fit alone pairs the long ones."""
    counts = np.zeros(11, np.int64)
    counts[5], counts[1] = 6, 30
    dealt, plain = fit(counts, spread_packs=6, spread_share=0.5), fit(counts)
    assert dealt.num_packs == plain.num_packs == 6
    assert dealt.copies[dealt.length == 5].tolist() == [1]
    assert plain.copies[plain.length == 5].tolist() == [2]


def test_bad_input() -> None:
    assert plan_packs([], 10).num_packs == 0
    assert plan_packs([11, 12], 10).too_long().tolist() == [0, 1]
    with pytest.raises(ValueError, match="document 1 has a length of 0 tokens"):
        plan_packs([3, 0], 10)
    with pytest.raises(ValueError, match="max_patches needs num_patches"):
        plan_packs([3], 10, max_patches=4)


@pytest.mark.parametrize("most", range(1, 19))
def test_no_more_is_taken_out_of_a_pack_than_brings_it_below_its_capacity(most: int) -> None:
    """The greatest first; what is left fills the capacity where it comes out even."""
    values = np.array([5, 3, 2, 4, 4, 9], np.int32)
    pack = np.array([0, 0, 0, 1, 1, -1], np.int32)
    work = _Work(np.ones(6, np.int32), 100, None, 0, None)
    taken = set(_excess(work, pack, 2, _Capacity(values, most)).tolist())
    for members in ([0, 1, 2], [3, 4]):
        left = [int(values[member]) for member in members if member not in taken]
        of_pack = [int(values[member]) for member in members if member in taken]
        assert sum(left) <= most
        assert not of_pack or (sum(left) + min(of_pack) > most and min(of_pack) >= max(left, default=0))
    assert 5 not in taken  # of no pack
