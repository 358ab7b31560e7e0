"""Caps on types: kept, no dearer than they must be, and told where they cannot be had."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from tests.transforms.balancing.corpus import count_concepts
from tests.transforms.balancing.test_target import KINDS, NAMES, ROWS, V, asked, balanced, divergence_of, images
from transforms.balancing.certificate import warnings
from transforms.balancing.in_memory import balance_table
from transforms.balancing.methods.even import Even
from transforms.balancing.methods.weighting import Corpus
from transforms.balancing.target import Target
from transforms.balancing.type_caps import TypeCaps
from transforms.errors import ConfigError, InputError


def share(counts: np.ndarray, kind: str) -> float:
    return float(counts[[one == kind for one in KINDS]].sum() / counts.sum())


def caps(**most: float) -> dict[str, Any]:
    return {"caps": {"type": most}}


@pytest.mark.slow
@hypothesis_settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.15, 0.3))
def test_no_selection_within_the_cap_is_evener(seed: int, most: float) -> None:
    """By a general solver over the expected copies of all images, next to no price on chance."""
    ids = images(seed)[:60]
    settings = asked(beta=200, **caps(entity=most)).model_copy(update={"size": 20})
    counts, holds = count_concepts(ids, V), np.stack([(ids == concept).any(axis=1) for concept in range(V)])
    weights = Even.fit(
        Corpus(settings, counts, counts, len(ids), ids, Target.of(settings.even, NAMES, KINDS))
    ).weights()

    divergence = divergence_of(holds)
    has_any = holds.any(axis=0)
    over = (np.array([kind == "entity" for kind in KINDS]) - most) @ holds
    found = minimize(
        divergence,
        np.where(has_any, 20 / has_any.sum(), 0.0),
        jac=True,
        method="SLSQP",
        bounds=[(0, float(one)) for one in has_any],
        constraints=[
            LinearConstraint(np.ones((1, len(ids))), 20, 20),
            LinearConstraint(over[None], -np.inf, 0),
        ],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    own = np.minimum(np.exp(weights.log_odds(ids, np.zeros(len(ids), np.int64))), 1.0)
    assert share(holds @ own, "entity") <= most + 2e-3
    assert divergence(own)[0] <= found.fun + 5e-3  # what the price of chance costs


@pytest.mark.slow
@pytest.mark.parametrize("sample_rows", [ROWS // 4, 10 * ROWS])
def test_what_is_drawn_is_within_caps_and_the_certificate_says_so(tmp_path: pathlib.Path, sample_rows: int) -> None:
    ids = images(1)
    plain, _ = balanced(tmp_path / "plain", ids, sample_rows=sample_rows)
    counts, said = balanced(tmp_path / "capped", ids, sample_rows=sample_rows, beta=100, **caps(scene=0.2, text=0.9))
    assert share(plain, "scene") > 0.3 > 0.25 > share(counts, "scene")
    scene, text = said["caps"]
    assert scene == {
        "by": "type",
        "name": "scene",
        "share": 0.2,
        "has": int(counts[4:8].sum()),
        "of": int(counts.sum()),
        "expected": pytest.approx(0.2, abs=2e-3),
        "nats": scene["nats"],
    }
    assert scene["nats"] > 0 == text["nats"]
    assert said["evenness"]["bound_with_floors"] < said["evenness"]["bound"]
    assert said["evenness"]["gap_with_floors"] < said["evenness"]["gap"]
    assert not any("caps.type" in one for one in warnings(said))


def test_a_cap_that_binds_nothing_changes_nothing(tmp_path: pathlib.Path) -> None:
    ids = images(2)
    plain, _ = balanced(tmp_path / "plain", ids)
    counts, said = balanced(tmp_path / "capped", ids, **caps(entity=0.95))
    assert counts.tolist() == plain.tolist() and said["caps"][0]["nats"] == 0


def test_what_stands_against_a_cap_is_told(tmp_path: pathlib.Path) -> None:
    """All images show a scene, alone or with something else."""
    ids = images(3)
    ids[:, 0] = 4 + np.arange(ROWS) % 4
    ids[:, 1:][ids[:, 1:] // 4 == 1] = -1
    _, said = balanced(tmp_path, ids, **caps(scene=0.01))
    assert any("caps.type allows scene 1 % of the concepts selected, and it has" in one for one in warnings(said))
    assert said["evenness"]["gap_with_floors"] > -0.01  # no bound of what cannot be had


@pytest.mark.slow
def test_what_cannot_be_asked_for(tmp_path: pathlib.Path) -> None:
    ids = images(4)
    with pytest.raises(ConfigError, match=r"caps\.type names colour, a type that no concept.*it has entity \(4\)"):
        balanced(tmp_path / "unknown", ids, **caps(colour=0.1))
    only = np.where(np.isin(ids, [0, 1, 2, 3, 4, 5, 6, 7]), ids, -1)
    with pytest.raises(
        ConfigError, match=r"allows entity 0.3, scene 0.3, and images hold no other types: together 0.6"
    ):
        balanced(tmp_path / "short", only, **caps(entity=0.3, scene=0.3))
    table = pa.table({"key": [f"k{row}" for row in range(ROWS)], "concept_ids": list(map(list, ids))})
    with pytest.raises(InputError, match=r"caps.type need types"):
        balance_table(table, asked(**caps(scene=0.2)))
    chosen = balance_table(table, asked(**caps(scene=0.2)), types=KINDS)
    assert chosen.num_rows == 200
    assert balance_table(table, asked(**caps(scene=0.2)), types=[*KINDS, "scene", None]).equals(chosen)


def test_caps_may_add_up_to_the_whole() -> None:
    TypeCaps.of({"entity": 0.7, "scene": 0.2, "action": 0.1}, KINDS).check(np.arange(10))
