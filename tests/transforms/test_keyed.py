"""Keyed randomness: golden values, so that no change of code changes a corpus unseen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.keyed import hash64, mix64, sample_ids, uniform


def test_hash_tells_where_one_part_ends() -> None:
    assert hash64("ab", "c") != hash64("a", "bc")
    assert hash64("a") != hash64("a", "")


@given(st.lists(st.integers(0, 2**64 - 1), unique=True, min_size=1, max_size=200), st.integers(0, 99))
def test_mixing_never_ties(ids: list[int], seed: int) -> None:
    mixed = mix64(np.array(ids, dtype=np.uint64), seed, "balance")
    assert len(np.unique(mixed)) == len(ids)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=50))
def test_a_number_depends_on_its_own_sample_alone(ids: list[int]) -> None:
    together = uniform(3, "balance", np.array(ids, dtype=np.uint64))
    alone = [uniform(3, "balance", np.array([i], dtype=np.uint64))[0] for i in ids]
    assert together.tolist() == alone


def test_uniforms_are_uniform_and_independent_of_stage_and_seed() -> None:
    ids = np.arange(100_000, dtype=np.uint64)  # consecutive ids are the hardest input for a hash
    draws = [uniform(0, "a", ids), uniform(0, "b", ids), uniform(1, "a", ids)]
    for draw in draws:
        assert draw.min() > 0 and draw.max() < 1
        counts, _ = np.histogram(draw, bins=100, range=(0, 1))
        chi_square = ((counts - 1000) ** 2 / 1000).sum()
        assert chi_square < 150  # 99 degrees of freedom: exceeded with probability 0.0007
    assert np.abs(np.corrcoef(draws) - np.eye(3)).max() < 0.01


def test_golden_values() -> None:
    ids = sample_ids("cc12m", "00000", ["000000003", "000000004", "图"])
    assert ids.tolist() == GOLDEN_IDS
    assert uniform(17, "balance", ids).tolist() == GOLDEN_UNIFORMS


GOLDEN_IDS = [14095678575209483569, 4327565334055638567, 14097822904073136568]
GOLDEN_UNIFORMS = [0.5832990614876798, 0.18293716645630093, 0.033656151523757505]
