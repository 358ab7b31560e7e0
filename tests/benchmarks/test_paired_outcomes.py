"""The statistics of the experiment: intervals that hold as often as they say, and Holm's adjustment by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.paired_outcomes import holm, paired_difference


def test_a_difference_is_told_from_none() -> None:
    random = np.random.default_rng(0)
    base = random.random((10, 80))
    better = paired_difference(base + 0.05 + 0.02 * random.standard_normal(base.shape), base, draws=2000)
    assert better.low < 0.05 < better.high and better.p < 0.01
    same = paired_difference(base + 0.1 * random.standard_normal(base.shape), base, draws=2000)
    assert same.low < 0 < same.high and same.p > 0.05
    assert better.mean == pytest.approx(0.05, abs=0.005)


def test_differences_of_seeds_widen_the_interval() -> None:
    random = np.random.default_rng(1)
    by_seed = 0.1 * random.standard_normal((10, 1)) + np.zeros((10, 80))
    found = paired_difference(by_seed, np.zeros((10, 80)), draws=2000)
    assert found.high - found.low > 2 * 0.1 / np.sqrt(10)


def test_holm_by_hand() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
