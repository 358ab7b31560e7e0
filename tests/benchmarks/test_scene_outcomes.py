"""Outcomes of the scenes experiment, from a table of counts made up so that they are known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.benchmarks.scene_outcomes import TESTS, by_trained, figures, plot, recalls

SEEDS, THINGS, SHOWN = 3, 12, 4
SKILL = {"uniform": 0, "inverse_frequency": 1, "even": 3}  # of four pictures, how many are named


@pytest.fixture(scope="module")
def found() -> pa.Table:
    rows = [
        (arm, seed, test, thing, 2 * thing, SHOWN if (test, thing) != ("natural", 11) else 0, named)
        for arm, named in SKILL.items()
        for seed in reversed(range(SEEDS))
        for test in TESTS
        for thing in range(THINGS)
    ]
    names = ("arm", "seed", "test", "thing", "trained", "shown", "named")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def test_recall_is_of_what_was_shown(found: pa.Table) -> None:
    assert recalls(found, "even", "flat").tolist() == [[3 / 4] * THINGS] * SEEDS
    of_corpus = recalls(found, "even", "natural")
    assert np.isnan(of_corpus[:, 11]).all() and (of_corpus[:, :11] == 3 / 4).all()


def test_figures(found: pa.Table) -> None:
    kept = figures(found)
    assert kept["primary"] == "macro recall, flat: even − inverse_frequency"
    assert kept["primary_mean"] == kept["primary_low"] == kept["primary_high"] == 0.5
    assert kept["natural_even"] == {"mean": 0.75, "low": 0.75, "high": 0.75}, "of eleven things"
    assert kept["thirds_uniform"] == {"common": 0, "middling": 0, "rare": 0}
    assert kept["apart_inverse_frequency_less_uniform"]["mean"] == 0.25
    assert "flat_even_less_inverse_frequency" not in kept, "the primary outcome is not tested twice"
    assert "flat_even_less_even" not in kept and kept["flat_even_less_uniform"]["p"] >= kept["primary_p"]


def test_by_how_often_a_thing_was_trained_on(found: pa.Table) -> None:
    rows = by_trained(found, "even")
    assert [(row["trained_at_least"], row["things"]) for row in rows] == [(0, 3), (1, 6), (5, 6), (10, 15), (20, 6)]
    assert {row["recall"] for row in rows} == {0.75}


@pytest.mark.slow
def test_a_picture_of_them(found: pa.Table) -> None:
    assert plot(found).startswith(b"\x89PNG")
