from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import count_concepts
from tests.transforms.synthetic_annotations import N_CONCEPTS, concept_ids
from transforms.balancing.measures import normalised_entropy, top_share
from transforms.balancing.methods import weighting
from transforms.balancing.raking import fit, group_rare, water_fill
from transforms.balancing.sampling import Expectation, bin_hits, bins
from transforms.balancing.settings import BalanceSettings, RakingSettings
from transforms.errors import ConfigError


def expected_counts(settings: BalanceSettings, ids: np.ndarray, sample: np.ndarray, n_concepts: int) -> np.ndarray:
    """(V,) expected copies of each concept in a selection."""
    weights = weighting(settings, count_concepts(ids, n_concepts), len(ids), sample).of_images(ids)
    index, strata = bins(weights), np.zeros(len(ids), np.int64)
    expectation = Expectation.solve(bin_hits(index, strata, 1).dense(), (settings.size,), settings.max_copies)
    copies = np.repeat(expectation.expected[0, index], ids.shape[1])
    return np.bincount(ids.ravel() + 1, copies, n_concepts + 1)[1:]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30), st.floats(0, 1), st.sampled_from([0.0, 0.5]))
def test_water_fill(images: list[int], share: float, temper: float) -> None:
    supply = np.array(images, dtype=float)
    total = share * supply.sum()
    filled = water_fill(supply, supply**temper, total)
    assert filled.sum() == pytest.approx(total, rel=1e-9)
    assert (filled <= supply * (1 + 1e-12)).all()
    open_ended = filled < supply * (1 - 1e-9)
    if open_ended.sum() > 1:  # all that are not full stand at one level
        assert np.ptp(filled[open_ended] / supply[open_ended] ** temper) <= 1e-9 * filled.max()


def test_water_fill_by_hand() -> None:
    np.testing.assert_allclose(water_fill(np.array([1.0, 10.0, 10.0]), np.ones(3), 9.0), [1, 4, 4])
    np.testing.assert_allclose(water_fill(np.array([1.0, 2.0]), np.ones(2), 99.0), [1, 2])


def test_rare_concepts_share_a_parameter_by_octave() -> None:
    counts = np.array([1000, 70, 65, 33, 5, 9])
    parameter, n = group_rare(counts, np.array([50, 6, 5, 1, 9, 3]), count_floor=6, sample_floor=10)
    # 0 has its own; 5 (9 images) and 3 (33) are too few even together, so join 1 and 2 (64 to 127); 4 is below
    assert (parameter.tolist(), n) == ([0, 1, 1, 1, 2, 1, 2], 2)


def test_the_target_is_reached_where_it_can_be() -> None:
    random = np.random.default_rng(0)
    ids = (20 * random.random((40_000, 2)) ** 2.5).astype(np.int32)
    ids[ids[:, 0] == ids[:, 1], 1] = -1
    settings = BalanceSettings(
        method="raked", size=2000, raking=RakingSettings(stiffness=1e4, tolerance=1e-5, max_iterations=500)
    )
    achieved = expected_counts(settings, ids, ids, 20)
    np.testing.assert_allclose(achieved, achieved.mean(), rtol=0.01)


def test_a_tempered_target_lies_between_flat_and_raw() -> None:
    ids = (50 * np.random.default_rng(0).random((20_000, 3)) ** 3).astype(np.int32)
    entropies = [
        normalised_entropy(
            expected_counts(BalanceSettings(method="raked", size=1000, raking={"temper": t}), ids, ids, 50)
        )  # type: ignore[arg-type]
        for t in (0.0, 0.5, 0.9)
    ]
    raw = normalised_entropy(count_concepts(ids, 50))
    assert entropies[0] > entropies[1] > entropies[2] > raw


def test_the_fit_is_deterministic() -> None:
    ids = concept_ids(20_000, 1000)
    counts = count_concepts(ids, 1000)
    first, second = (fit(ids, counts, 20_000, 2000, 1, RakingSettings()) for _ in range(2))
    np.testing.assert_array_equal(first.theta, second.theta)
    assert first.iterations < 100


def test_images_of_concepts_below_the_floor_do_not_vanish() -> None:
    """35 concepts of 8 images each, alone on them, beside 15 of a thousand and more."""
    random = np.random.default_rng(0)
    common = (15 * random.random((20_000, 2)) ** 2).astype(np.int32)
    rare = np.stack([np.repeat(np.arange(15, 50, dtype=np.int32), 8), np.full(280, -1, np.int32)], axis=1)
    ids = np.concatenate([common, rare, np.full((500, 2), -1, np.int32)])
    settings = BalanceSettings(method="raked", size=2000)
    achieved = expected_counts(settings, ids, ids, 50)
    assert achieved[15:].min() == achieved[15:].max()
    assert achieved[15:].min() / 8 >= (achieved[:15] / count_concepts(ids, 50)[:15]).max()

    weights = weighting(settings, count_concepts(ids, 50), len(ids), ids)
    alone, bare, fitted = (weights.of_images(np.array([row], np.int32))[0] for row in ([20, -1], [-1, -1], [0, -1]))
    assert alone == np.nanmax(weights.of_concepts())
    assert bare == np.nanmin(weights.of_concepts()) <= fitted


def test_a_fit_that_runs_off_is_an_error() -> None:
    """A target out of reach: weights that differed by more than floats hold came out as equal ones."""
    random = np.random.default_rng(0)
    ids = np.sort((200 * random.random((5000, 8)) ** 3).astype(np.int32))
    ids[:, 1:][ids[:, 1:] == ids[:, :-1]] = -1
    settings = RakingSettings(stiffness=1e8, max_iterations=3000, max_step=20, count_floor=2)
    with pytest.raises(ConfigError, match=r"balance.raking.stiffness 1e\+08 lets the weights run off: after \d+ iter"):
        fit(ids, count_concepts(ids, 200), 5000, 2000, 1, settings)


@pytest.mark.slow
def test_raked_is_flatter_than_the_formulas() -> None:
    """The corpus of tests/benchmarks/bench_raking.py at a tenth of its images.

    A tenth leaves many concepts on fewer than 10 images. They are not noise here, so the floor is lowered.
    """
    ids = concept_ids(200_000)
    counts = count_concepts(ids, N_CONCEPTS)
    assert normalised_entropy(counts) == pytest.approx(0.69, abs=0.01)
    entropy, top = {}, {}
    for method in ("inverse_frequency", "metaclip", "raked"):
        settings = BalanceSettings(method=method, size=20_000, raking={"count_floor": 2})  # type: ignore[arg-type]
        after = expected_counts(settings, ids, ids, N_CONCEPTS)
        entropy[method], top[method] = normalised_entropy(after), top_share(after)
    assert entropy["inverse_frequency"] == pytest.approx(0.81, abs=0.02)
    assert entropy["metaclip"] == pytest.approx(0.80, abs=0.02)
    assert entropy["raked"] >= 0.91
    assert top["raked"] < 0.5 * top["inverse_frequency"]
