"""The certificate says what a selection reached, against what can be worked out from the selection itself."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

from tests.transforms.balancing.corpus import count_concepts, random_ids, selected_copies, write_corpus
from tests.transforms.balancing.passes import run_passes
from transforms.balancing.certificate import read_certificate, warnings
from transforms.balancing.measures import normalised_entropy
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.datasets import read_table
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder

V = 50
IDS = random_ids(2000, V, 4, 1)
BEFORE = count_concepts(IDS, V)


LANGS = ["en" if row % 4 else "zh" for row in range(len(IDS))]
CAPTIONS = ["word " * (row % 7) if row % 5 else None for row in range(len(IDS))]


def certified(root: pathlib.Path, shards: int = 2, **values: object) -> tuple[dict[str, Any], np.ndarray, RunFolder]:
    """The certificate, and the (N,) copies of each row."""
    folder, names = write_corpus(root, IDS, shards, V, captions=CAPTIONS, langs=LANGS)
    run_passes(ShardReader(folder, BalanceSettings.model_validate(values)), names, V)
    copies = np.zeros(len(IDS), np.int64)
    for key, count in selected_copies(folder, names).items():
        copies[int(key[1:])] = count
    return read_certificate(folder), copies, folder


def test_what_it_says_is_what_was_selected(tmp_path: pathlib.Path) -> None:
    said, copies, folder = certified(tmp_path, size=600, even={"floor": 8})
    after = count_concepts(np.repeat(IDS, copies, axis=0), V)
    assert said["evenness"]["drawn"] == pytest.approx(normalised_entropy(after[BEFORE > 0]), abs=1e-5)
    bare = (IDS < 0).all(axis=1)
    assert said["without_concept"] == {"before": int(bare.sum()), "after": int(copies[bare].sum())}
    assert said["concepts_per_image"]["after"] == pytest.approx(after.sum() / 600, abs=1e-5)
    assert said["concepts_per_image"]["before"] == pytest.approx(BEFORE.sum() / len(IDS), abs=1e-5)
    assert said["floor"]["images"] == 8 and said["floor"]["short"] == 0
    assert sum(band["concepts"] for band in said["coverage_by_band"]) == (BEFORE > 0).sum()
    assert sum(band["after"] for band in said["coverage_by_band"]) == after.sum()
    expected = [table["inclusion_probability"] for table in (read_table(p, None) for p in _selections(folder))]
    assert 0 < sum(float(np.sum(column)) for column in expected) <= 600
    assert said["evenness"]["bound"] >= said["evenness"]["bound_with_floors"] >= said["evenness"]["expected"] - 1e-3
    assert said["evenness"]["gap"] < 0.02  # and it is a bound that says something
    assert said["fit"] == {
        "sample_rows": int((~bare).sum()),
        "rows": 2000,
        "is_whole": True,
        "settled": True,
        "passes": [],
    }


def _selections(folder: RunFolder) -> list[Any]:
    return sorted((folder.root / "selection").walk(), key=str)


@pytest.mark.slow
def test_it_does_not_depend_on_shards(tmp_path: pathlib.Path) -> None:
    one = certified(tmp_path / "1", 1, size=300, even={"floor": 4}, max_sample_rows=400)[0]
    many = certified(tmp_path / "2", 6, size=300, even={"floor": 4}, max_sample_rows=400)[0]
    assert one == many


@pytest.mark.parametrize("method", ["uniform", "raked"])
def test_a_method_that_promises_nothing_has_a_bound_too(tmp_path: pathlib.Path, method: str) -> None:
    said, _, _ = certified(tmp_path, method=method, size=600)
    assert said["floor"] is None and said["fit"] is None
    assert said["evenness"]["gap"] > 0
    assert said["evenness"]["bound"] == said["evenness"]["bound_with_floors"]
    assert warnings(said) == []


def test_what_a_user_is_told() -> None:
    said = {
        "method": "even",
        "size": 1000,
        "floor": {"short": 2, "images": 20, "worst": [{"name": "a", "has": 3, "of": 20}]},
        "fit": {"settled": False},
        "chance": {"is_small": True, "free_draws": 4.0},
    }
    floor, fit, chance = warnings(said)
    assert "2 concepts" in floor and "'a', which holds 3 of 20" in floor
    assert "not settled" in fit and "max_iterations" in fit
    assert "only 4 of 1,000" in chance
    said |= {"floor": {"short": 0}, "fit": {"settled": True}, "chance": {"is_small": False}}
    assert warnings(said) == []


def test_one_of_another_run_is_refused(tmp_path: pathlib.Path) -> None:
    folder = certified(tmp_path, method="uniform", size=10)[2]
    with pytest.raises(RunFolderError, match="was made with settings f"):
        read_certificate(RunFolder(folder.root, "e" * 16))


def test_baselines_of_the_same_size_stand_beside(tmp_path: pathlib.Path) -> None:
    _, _, folder = certified(tmp_path, size=600)
    beside, concepts = read_table(folder.baselines, None), read_table(folder.concepts, None)
    per_image = BEFORE.sum() / len(IDS)
    entropy = [normalised_entropy(concepts["count_random"].to_numpy()[BEFORE > 0])]
    assert concepts["count_random"].to_numpy().sum() == pytest.approx(600 * per_image, rel=0.1)
    for name in ("count_inverse_frequency", "count_metaclip"):
        counts = beside[name].to_numpy()
        assert (counts <= BEFORE).all()
        entropy.append(normalised_entropy(counts[BEFORE > 0]))
    assert entropy[1] > entropy[0] and entropy[2] > entropy[0]
    drawn = certified(tmp_path / "drawn", size=600, method="inverse_frequency")[1]
    exactly = normalised_entropy(count_concepts(np.repeat(IDS, drawn, axis=0), V)[BEFORE > 0])
    assert entropy[1] == pytest.approx(exactly, abs=0.01)


def test_what_selections_prefer_is_counted_beside_others(tmp_path: pathlib.Path) -> None:
    said, copies, _ = certified(tmp_path, size=600, even={"floor": 8})
    of, corpus = said["beside"]["selected"], said["beside"]["corpus"]
    lengths = np.array([len(caption or "") for caption in CAPTIONS])
    assert of["characters_per_caption"] == pytest.approx(copies @ lengths / 600, abs=1e-5)
    assert corpus["characters_per_caption"] == pytest.approx(lengths.mean(), abs=1e-5)
    assert sum(of["captions_by_octave"]) == sum(of["images_by_concepts"]) == 600
    assert of["captions_by_octave"][:4] == [int(copies[lengths == 0].sum()), 0, 0, int(copies[lengths == 5].sum())]
    assert of["concepts_per_image"] == said["concepts_per_image"]["after"]
    order = np.argsort(-BEFORE[BEFORE > 0], kind="stable")
    ranked = np.flatnonzero(BEFORE > 0)[order]
    head, tail = ranked[: round(len(ranked) / 10)], ranked[len(ranked) - len(ranked) // 3 :]
    heads, carried = np.isin(IDS, head).sum(axis=1), np.isin(IDS, tail).any(axis=1)
    for name, weight in (("selected", copies), ("corpus", np.ones(len(IDS)))):
        leak = (weight * heads * carried).sum() / (weight * heads).sum()
        assert said["beside"][name]["head_leak"] == pytest.approx(leak, abs=1e-6)
    assert of["head_leak"] > said["beside"]["random"]["head_leak"]
    assert set(said["beside"]) == {"corpus", "random", "inverse_frequency", "metaclip", "selected"}
    for name in ("random", "inverse_frequency", "metaclip"):
        assert sum(said["beside"][name]["images_by_concepts"]) == pytest.approx(600, abs=80)
    assert said["coverage_by_stratum"] == {}


def test_coverage_of_each_stratum_stands_beside_others(tmp_path: pathlib.Path) -> None:
    strata = {"by": "lang", "sizes": {"en": 450, "zh": 150}}
    said, copies, _ = certified(tmp_path, size=600, even={"floor": 5}, strata=strata)
    chinese = np.array([lang == "zh" for lang in LANGS])
    before = count_concepts(IDS[chinese], V)
    after = count_concepts(np.repeat(IDS, copies * chinese, axis=0), V)
    bands = said["coverage_by_stratum"]["zh"]["selected"]
    assert sum(band["concepts"] for band in bands) == (before > 0).sum()
    assert sum(band["covered"] for band in bands) == (after >= 20).sum()
    assert sum(band["after"] for band in bands) == after.sum()
    assert set(said["coverage_by_stratum"]) == {"en", "zh"}
    assert set(said["coverage_by_stratum"]["en"]) == {"random", "inverse_frequency", "metaclip", "selected"}
