"""Target mass by type of concept: the optimum against a general solver, what is drawn, and what cannot be asked for."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from tests.transforms.balancing.corpus import count_concepts, random_ids, write_corpus
from tests.transforms.balancing.passes import run_passes
from transforms.balancing.certificate import read_certificate, warnings
from transforms.balancing.in_memory import balance_table
from transforms.balancing.methods.even import Even
from transforms.balancing.methods.weighting import Corpus
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.target import Target
from transforms.datasets import read_table
from transforms.errors import ConfigError, InputError

V, ROWS = 12, 900
KINDS = ["entity"] * 4 + ["scene"] * 4 + ["action", "action", None, "text"]
NAMES = [f"concept {number}" for number in range(V)]
SHARES = {"entity": 0.4, "scene": 0.4, "other": 0.2}


def asked(**even: Any) -> BalanceSettings:
    return BalanceSettings.model_validate({"size": 200, "even": {"floor": 0, **even}})


def images(seed: int) -> np.ndarray:
    """Half of them show one thing, as often as any other, half several of any type."""
    ids = random_ids(ROWS, V, 3, seed)
    alone = np.arange(ROWS) % 2 == 0
    ids[alone, 0], ids[alone, 1:] = np.arange(ROWS)[alone] // 2 % V, -1
    return ids


def divergence_of(
    holds: np.ndarray, log_target: np.ndarray | float = 0.0
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """KL(p‖t) of the (N,) copies of images, and its gradient, for a general solver; (V, N) ``holds``: which image shows
    which concept."""

    def divergence(copies: np.ndarray) -> tuple[float, np.ndarray]:
        held = np.maximum(holds @ copies, 1e-12)
        each = np.log(held / held.sum()) - log_target
        value = float(held @ each) / held.sum()
        return value, holds.T @ (each - value) / held.sum()

    return divergence


def balanced(
    root: pathlib.Path, ids: np.ndarray, sample_rows: int = 10 * ROWS, **even: Any
) -> tuple[np.ndarray, dict[str, Any]]:
    """(V,) copies of each concept, and the certificate."""
    types = {name: kind for name, kind in zip(NAMES, KINDS, strict=True) if kind}
    folder, names = write_corpus(root, ids, 3, V, types=types)
    settings = asked(**even).model_copy(update={"max_sample_rows": sample_rows})
    run_passes(ShardReader(folder, settings), names, V)
    return read_table(folder.concepts, None)["count_after"].to_numpy(), read_certificate(folder)


@hypothesis_settings(deadline=None)
@given(
    st.lists(st.floats(0.05, 1), min_size=3, max_size=3),
    st.lists(st.integers(1, 500), min_size=V, max_size=V),
    st.floats(0, 0.9),
    st.dictionaries(st.sampled_from(NAMES), st.floats(0.1, 10), max_size=3),
)
def test_a_share_is_dealt_out_within_its_type(
    shares: list[float], counts: list[int], temper: float, named: dict[str, float]
) -> None:
    """As by its definition, concept by concept; without shares as before there were any."""
    by_type = {name: share / sum(shares) for name, share in zip(SHARES, shares, strict=True)}
    settings = asked(target=named, target_by_type=by_type, temper=temper).even
    images, every = np.array(counts, np.float64), np.arange(V)
    found = np.exp(Target.of(settings, NAMES, KINDS).log_shares(images, every, temper))
    place = [kind if kind in ("entity", "scene") else "other" for kind in KINDS]
    mass = [count**temper * named.get(name, 1.0) for count, name in zip(counts, NAMES, strict=True)]
    for row, kind in enumerate(place):
        whole = sum(one for one, other in zip(mass, place, strict=True) if other == kind)
        assert found[row] == pytest.approx(by_type[kind] * mass[row] / whole)
    plain = Target.of(asked(target=named).even, NAMES, KINDS).log_shares(images, every, temper)
    np.testing.assert_allclose(np.exp(plain), np.array(mass) / sum(mass))


@hypothesis_settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 0.7))
def test_no_selection_lies_nearer_to_the_target(seed: int, share: float) -> None:
    """By a general solver over the expected copies of all images, next to no price on chance."""
    ids = images(seed)[:50]
    settings = asked(target_by_type={"entity": share, "scene": 0.8 - share, "other": 0.2}, beta=200)
    settings = settings.model_copy(update={"size": 18})
    counts, holds = count_concepts(ids, V), np.stack([(ids == concept).any(axis=1) for concept in range(V)])
    has_any = holds.any(axis=0)
    target = Target.of(settings.even, NAMES, KINDS)
    weights = Even.fit(Corpus(settings, counts, counts, len(ids), ids, target)).weights()
    log_target = target.log_shares(counts.astype(float), np.arange(V), 0.0)

    divergence = divergence_of(holds, log_target)
    found = minimize(
        divergence,
        np.where(has_any, 18 / has_any.sum(), 0.0),
        jac=True,
        method="SLSQP",
        bounds=[(0, float(one)) for one in has_any],
        constraints=[LinearConstraint(np.ones((1, len(ids))), 18, 18)],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    own = np.minimum(np.exp(weights.log_odds(ids, np.zeros(len(ids), np.int64))), 1.0)
    assert own.sum() == pytest.approx(18, abs=0.1)
    assert divergence(own)[0] <= found.fun + 5e-3  # what the price of chance costs


def test_what_is_drawn_has_the_shares_and_the_certificate_says_so(tmp_path: pathlib.Path) -> None:
    ids = images(1)
    plain, said = balanced(tmp_path / "plain", ids)
    assert "target_by_type" not in said
    assert {kind: figures["target"] for kind, figures in said["by_type"].items()} == {
        kind: pytest.approx(count / V, abs=1e-6)
        for kind, count in {"entity": 4, "scene": 4, "action": 2, "text": 1, "none": 1}.items()
    }
    counts, said = balanced(tmp_path / "asked", ids, target_by_type=SHARES, beta=100)
    of_types = {"entity": counts[:4].sum(), "scene": counts[4:8].sum(), "text": counts[11]}
    for kind, count in of_types.items():
        figures = said["by_type"][kind]
        assert figures["share"]["selected"] == pytest.approx(count / counts.sum(), abs=1e-6)
        assert figures["target"] == pytest.approx({**SHARES, "text": 0.05}[kind], abs=1e-6)
        assert figures["share"]["selected"] == pytest.approx(figures["target"], abs=0.04)
    assert counts[4:8].sum() / counts.sum() > plain[4:8].sum() / plain.sum() + 0.05
    bands = said["by_type"]["scene"]["coverage"]["selected"]
    assert sum(band["covered"] for band in bands) == (counts[4:8] >= 20).sum()
    assert sum(band["after"] for band in bands) == counts[4:8].sum()
    assert said["evenness"]["gap"] < 0.02 and not warnings(said)


def test_shares_that_images_stand_against_are_told(tmp_path: pathlib.Path) -> None:
    """Whatever shows a scene shows two entities as well."""
    ids = np.where(np.arange(ROWS)[:, None] % 3 == 0, [8, 10, 11], [0, 1, 4]) + np.arange(ROWS)[:, None] % 2
    ids = np.where(ids == V, 11, ids).astype(np.int32)
    ids[:, 1][ids[:, 1] == ids[:, 2]] = -1
    _, said = balanced(tmp_path, ids, target_by_type={"entity": 0.1, "scene": 0.7, "other": 0.2})
    assert any("target_by_type could not be met" in told and "for 70.0 %" in told for told in warnings(said))


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ({"entity": 0.5, "abstract": 0.5}, r"names abstract, a type that no concept .* it has entity \(4\)"),
        ({"entity": 0.5, "scene": 0.5}, r"3 of 11 concepts .* without a share: action \(2\), without a type \(1\)"),
        ({"entity": 0.5, "scene": 0.2, "other": 0.2, "text": 0.1}, r"asks for text 0\.1, but no image holds"),
    ],
)
def test_what_cannot_be_asked_of_types(tmp_path: pathlib.Path, shares: dict[str, float], says: str) -> None:
    ids = images(2)
    ids[ids == V - 1] = -1  # the one text
    with pytest.raises(ConfigError, match=says):
        balanced(tmp_path, ids, target_by_type=shares)


def test_a_vocabulary_without_types(tmp_path: pathlib.Path) -> None:
    folder, names = write_corpus(tmp_path, images(3), 3, V)
    run_passes(ShardReader(folder, asked()), names, V)
    assert "by_type" not in read_certificate(folder)
    with pytest.raises(ConfigError, match="gives no concept a type"):
        run_passes(ShardReader(folder, asked(target_by_type={"entity": 1.0})), names, V)


@pytest.mark.parametrize("shares", [{"entity": 0.5, "scene": 0.4}, {"entity": 1.5}, {"entity": 0.0, "scene": 1.0}])
def test_shares_make_one(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"adds up to 0\.9|less than or equal to 1|greater than 0"):
        asked(target_by_type=shares)
    assert asked(target_by_type={"entity": 0.1, "scene": 0.2, "other": 0.7}).even.target_by_type["other"] == 0.7


def test_a_table_in_memory_takes_types() -> None:
    ids = images(4)
    table = pa.table({"key": [f"k{row}" for row in range(ROWS)], "concept_ids": list(map(list, ids))})
    settings = asked(target_by_type=SHARES, beta=100)
    counts = count_concepts(ids[balance_table(table, settings, types=KINDS)["row"].to_numpy()], V)
    assert counts[4:8].sum() / counts.sum() == pytest.approx(0.4, abs=0.04)
    with pytest.raises(InputError, match="need types"):
        balance_table(table, settings)
