"""Caps by source and language hold for what is drawn, beside strata and floors; and what cannot be had is said."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import count_concepts, random_ids, selected_copies, write_corpus
from tests.transforms.balancing.passes import run_passes
from transforms.balancing.bound import Parts, Prices
from transforms.balancing.certificate import read_certificate
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.datasets import read_table
from transforms.errors import ConfigError

V, ROWS = 30, 1200
LANGS = ["en" if row % 3 else "zh" for row in range(ROWS)]
A_THIRD_CHINESE = {"by": "lang", "sizes": {"en": 260, "zh": 140}}


def selected(root: pathlib.Path, ids: np.ndarray, shards: int = 4, **values: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """The rows drawn, each once a copy, and the certificate; row i is of source a where i is even."""
    folder, names = write_corpus(root, ids, shards, V, langs=LANGS)
    run_passes(ShardReader(folder, BalanceSettings.model_validate({"size": 400, **values})), names, V)
    chosen = selected_copies(folder, names)
    assert sum(chosen.values()) == values.get("size", 400)
    rows = np.array(sorted(int(key[1:]) for key, copies in chosen.items() for _ in range(copies)))
    return rows, read_certificate(folder)


def shares(rows: np.ndarray) -> tuple[float, float]:
    """Of source a, and of Chinese."""
    return float((rows % 2 == 0).mean()), float((rows % 3 == 0).mean())


@pytest.mark.slow
@hypothesis_settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10**6),
    st.floats(0.2, 0.6),
    st.sampled_from([None, 0.3]),
    st.sampled_from([0.0, 0.04]),
    st.sampled_from([1, 2]),
    st.sampled_from([200, 5000]),
)
def test_caps_hold_for_what_is_drawn_with_strata_and_floors(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    share: float,
    lang_share: float | None,
    bare: float,
    max_copies: int,
    sample_rows: int,
) -> None:
    ids = random_ids(ROWS, V, 4, seed)
    caps = {"source": {"a": share}, "lang": {} if lang_share is None else {"zh": lang_share}}
    values: dict[str, Any] = {"even": {"floor": 5, "caps": caps, "conceptless_share": bare}, "seed": seed}
    values |= {"max_copies": max_copies, "max_sample_rows": sample_rows}
    if lang_share is None:
        values["strata"] = A_THIRD_CHINESE
    rows, said = selected(tmp_path_factory.mktemp("run"), ids, **values)
    of_a, chinese = shares(rows)
    assert of_a <= share + 1e-9
    assert chinese == pytest.approx(0.35) if lang_share is None else chinese <= lang_share + 1e-9
    floor = np.minimum(5, max_copies * count_concepts(ids, V))
    assert (count_concepts(ids[rows], V) >= floor).all()
    assert (ids[rows] < 0).all(axis=1).sum() == pytest.approx(400 * bare, abs=1)
    assert said["caps"][0] == said["caps"][0] | {"by": "source", "name": "a", "has": round(400 * of_a)}
    assert said["evenness"]["bound"] >= said["evenness"]["bound_with_floors"] >= said["evenness"]["expected"] - 2e-3


@pytest.mark.slow
def test_the_same_in_any_shards(tmp_path: pathlib.Path) -> None:
    ids = random_ids(ROWS, V, 4, 1)
    values = {"even": {"floor": 5, "caps": {"source": {"a": 0.4}}}, "strata": A_THIRD_CHINESE, "max_sample_rows": 300}
    one, said = selected(tmp_path / "2", ids, 2, **values)
    many, other = selected(tmp_path / "12", ids, 12, **values)
    np.testing.assert_array_equal(one, many)
    assert said == other


@pytest.mark.slow
def test_a_cap_that_binds_costs_and_one_that_does_not_changes_nothing(tmp_path: pathlib.Path) -> None:
    """Rare concepts are on source a alone, so it is wanted most."""
    ids = np.where(np.arange(ROWS)[:, None] % 2 == 0, random_ids(ROWS, V, 4, 2), random_ids(ROWS, V // 3, 4, 3))
    free, _ = selected(tmp_path / "free", ids, even={"floor": 0})
    assert shares(free)[0] > 0.6
    loose, said = selected(tmp_path / "loose", ids, even={"floor": 0, "caps": {"source": {"a": 0.95}}})
    assert said["caps"][0]["nats"] == 0
    assert len(np.intersect1d(free, loose)) > 390
    rows, said = selected(tmp_path / "bound", ids, even={"floor": 0, "caps": {"source": {"a": 0.5}}})
    assert shares(rows)[0] == 0.5 and said["caps"][0]["nats"] > 0.1
    assert said["evenness"]["bound_with_floors"] < said["evenness"]["bound"] - 0.01
    assert said["evenness"]["gap_with_floors"] < 0.02  # the bound knows the cap


def test_what_caps_leave_no_room_for_is_said_with_the_least_that_must_give(tmp_path: pathlib.Path) -> None:
    ids = random_ids(ROWS, V, 4, 4)
    caps = {"source": {"a": 0.3, "b": 0.5}}
    with pytest.raises(ConfigError, match=r"caps\.source\.a 0\.3.* cannot fill balance\.size") as error:
        selected(tmp_path / "refused", ids, even={"floor": 0, "caps": caps})
    told = str(error.value).split("must give: ")[1].split(";")[0]
    for part in told.split(", "):
        key, _, share = part.partition("=")
        caps["source"][key.rsplit(".", 1)[1]] = float(share)
    assert sum(caps["source"].values()) == pytest.approx(1.0, abs=1e-3)
    rows, _ = selected(tmp_path / "mended", ids, even={"floor": 0, "caps": caps})
    assert shares(rows)[0] <= caps["source"]["a"]


def test_floors_that_caps_leave_no_room_for_name_the_greatest_that_can_be_kept(tmp_path: pathlib.Path) -> None:
    ids = np.where(np.arange(ROWS)[:, None] % 2 == 0, random_ids(ROWS, V, 4, 2), random_ids(ROWS, V // 3, 4, 3))
    caps = {"source": {"a": 0.15}}
    with pytest.raises(ConfigError, match=r"floor 30 cannot be kept.*or balance\.even\.caps") as error:
        selected(tmp_path / "refused", ids, even={"floor": 30, "caps": caps})
    greatest = int(str(error.value).split("Set balance.even.floor to ")[1].split(",")[0])
    rows, _ = selected(tmp_path / "kept", ids, even={"floor": greatest, "caps": caps})
    assert (count_concepts(ids[rows], V) >= np.minimum(greatest, count_concepts(ids, V))).all()
    assert shares(rows)[0] <= 0.15


def test_a_cap_on_what_no_image_has_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"caps\.lang\.fr is set, but no image has that lang"):
        selected(tmp_path, random_ids(ROWS, V, 4, 0), even={"caps": {"lang": {"fr": 0.5}}})


def test_strata_and_caps_may_not_divide_by_the_same() -> None:
    with pytest.raises(ValueError, match=r"even\.caps\.lang must be empty"):
        BalanceSettings.model_validate({"size": 400, "strata": A_THIRD_CHINESE, "even": {"caps": {"lang": {"en": 1}}}})


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 25), st.integers(1, 12), st.floats(0, 3))
def test_no_selection_that_keeps_a_cap_is_above_its_bound(seed: int, size: int, cap: int, price: float) -> None:
    random = np.random.default_rng(seed)
    ids, cell = random_ids(40, 12, 3, seed), (np.arange(40) % 2).astype(np.int64)
    p, cap = random.random(12) + 0.01, min(cap, size)
    prices = Prices.of(-np.log(p / p.sum()), Parts(np.zeros(2, np.int64), np.array([price, 0.0])), 3)
    bound = prices.upper_bound(prices.tally(ids, cell).dense(), (size,), 1, -price * cap)
    for _ in range(20):
        few = random.permutation(np.flatnonzero(cell == 0))[: random.integers(0, cap + 1)]
        others = random.permutation(np.flatnonzero(cell == 1))[: size - len(few)]
        if len(few) + len(others) == size:
            counts = count_concepts(ids[np.concatenate([few, others])], 12)
            share = counts[counts > 0] / counts.sum()
            assert -float(share @ np.log(share)) <= bound + 1e-9


def test_concepts_that_are_named_get_more_or_less(tmp_path: pathlib.Path) -> None:
    ids = random_ids(ROWS, V, 4, 5)
    plain, _ = selected(tmp_path / "plain", ids, even={"floor": 0})
    target = {"concept 3": 3.0, "concept 4": 0.2}
    rows, said = selected(tmp_path / "named", ids, even={"floor": 0, "target": target})
    before, after = count_concepts(ids[plain], V), count_concepts(ids[rows], V)
    assert after[3] > 1.5 * before[3] and after[4] < 0.6 * before[4]
    assert said["evenness"]["gap"] < 0.03
    with pytest.raises(ConfigError, match="names 1 of 2 concepts that are not in the vocabulary: 'no such'"):
        selected(tmp_path / "unknown", ids, even={"target": {"concept 1": 2.0, "no such": 1.0}})


def test_baselines_give_each_stratum_its_size(tmp_path: pathlib.Path) -> None:
    """Each language has concepts of its own, so what a baseline holds of them tells its sizes."""
    chinese = np.array([lang == "zh" for lang in LANGS])
    ids = np.where(chinese, 20 + np.arange(ROWS) % 10, np.arange(ROWS) % 20).astype(np.int32)[:, None]
    folder, names = write_corpus(tmp_path, ids, 3, V, langs=LANGS)
    settings = {"size": 300, "strata": {"by": "lang", "sizes": {"en": 60, "zh": 240}}, "even": {"floor": 0}}
    run_passes(ShardReader(folder, BalanceSettings.model_validate(settings)), names, V)
    beside = [read_table(folder.concepts, None)["count_random"]]
    beside += [read_table(folder.baselines, None)[name] for name in ("count_inverse_frequency", "count_metaclip")]
    for column in beside:
        counts = column.to_numpy()
        assert counts[:20].sum() == pytest.approx(60, abs=25) and counts[20:].sum() == pytest.approx(240, abs=45)
