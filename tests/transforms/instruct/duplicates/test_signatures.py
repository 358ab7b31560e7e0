"""Signatures are those of datasketch, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.instruct.duplicates import signatures as module
from transforms.instruct.duplicates.signatures import SCHEME, SEED, band_keys, signatures

SETS = st.lists(st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=40), max_size=12)


def of_datasketch(values: list[int], permutations: int) -> np.ndarray:
    signed = MinHash(permutations, seed=SEED, scheme=SCHEME, hashfunc=int)
    signed.update_batch(values)
    return signed.hashvalues


def flat(sets: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([value for one in sets for value in one], np.uint32)
    return values, np.array([len(one) for one in sets], np.int64)


@settings(deadline=None)
@given(SETS, st.sampled_from([16, 128]))
def test_they_are_those_of_datasketch(sets: list[list[int]], permutations: int) -> None:
    found = signatures(*flat(sets), permutations)
    assert found.shape == (len(sets), permutations)
    for values, signed in zip(sets, found, strict=True):
        np.testing.assert_array_equal(signed, of_datasketch(values, permutations))


@pytest.mark.parametrize("most", [1, 5, 1000])
def test_how_many_go_together_changes_nothing(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    sets = [random.integers(0, 2**32, size).tolist() for size in (0, 7, 0, 1, 300, 2, 0)]
    expected = signatures(*flat(sets), 16)
    monkeypatch.setattr(module, "_MOST_VALUES", most)
    np.testing.assert_array_equal(signatures(*flat(sets), 16), expected)


def test_bands_agree_where_all_their_values_do() -> None:
    one = np.arange(16, dtype=np.uint32)[None]
    other = one.copy()
    other[0, 5] += 1
    same = band_keys(one, 4)[0] == band_keys(other, 4)[0]
    assert same.tolist() == [True, False, True, True]
    assert len(np.unique(band_keys(np.zeros((1, 16), np.uint32), 4))) == 4
