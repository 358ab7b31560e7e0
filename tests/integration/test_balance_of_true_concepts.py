"""What balancing is for: the concepts that are truly in the pictures become more even, not only the retrieved ones."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import MINI, build_until, evenweave, read_all, small_corpus
from transforms.balancing.measures import normalised_entropy
from transforms.stages import BALANCE

pytestmark = pytest.mark.slow

METHODS = ("uniform", "inverse_frequency", "raked", "even")
IMAGES = 1600


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """One selection of each method over the same annotations: the later runs take over those of the first."""
    folder = tmp_path_factory.mktemp("methods")
    found: dict[str, pathlib.Path] = {}
    for method in METHODS:
        found[method] = folder / method
        reuse = ["--set", f"reuse={found[METHODS[0]]}"] if method != METHODS[0] else []
        overrides = [*small_corpus(folder / "corpus", IMAGES), *reuse, "--set", f"balance.method={method}"]
        build_until(BALANCE, MINI, "--output", found[method], *overrides)
    return found


def test_retrieved_concepts(runs: dict[str, pathlib.Path]) -> None:
    entropy = {
        method: normalised_entropy(pq.read_table(run / "concepts.parquet")["count_after"].to_numpy())
        for method, run in runs.items()
    }
    assert entropy["even"] > entropy["inverse_frequency"]
    assert entropy["raked"] > entropy["inverse_frequency"] > entropy["uniform"] + 0.02


def test_true_concepts(runs: dict[str, pathlib.Path]) -> None:
    truth = read_all(runs["raked"].parent / "corpus" / "truth").to_pandas().set_index("key")["concepts"]
    names = sorted({name for concepts in truth for name in concepts})
    index = {name: number for number, name in enumerate(names)}

    def entropy(keys: list[str]) -> float:
        found = [index[name] for key in keys for name in truth[key]]
        return normalised_entropy(np.bincount(found, minlength=len(names)))

    raw = entropy(list(truth.index))
    after = {method: entropy(read_all(run / "selection")["key"].to_pylist()) for method, run in runs.items()}
    assert after["raked"] > after["inverse_frequency"] > after["uniform"] + 0.02
    assert after["even"] > after["inverse_frequency"] + 0.02
    assert min(after["raked"], after["even"]) > raw + 0.05


def test_reused_annotations_are_those_of_the_other_run(runs: dict[str, pathlib.Path]) -> None:
    assert read_all(runs["raked"] / "annotations").equals(read_all(runs["uniform"] / "annotations"))
    assert read_all(runs["raked"] / "rejects" / "annotate").equals(read_all(runs["uniform"] / "rejects" / "annotate"))


def test_annotations_of_other_settings_are_not_reused(runs: dict[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    overrides = small_corpus(runs["raked"].parent / "corpus", IMAGES)
    other = ["--set", f"reuse={runs['raked']}", "--set", "retrieval.concepts_per_image=4"]
    done = evenweave("build", MINI, "--output", tmp_path / "run", *overrides, *other, check=False)
    assert done.returncode == 2
    assert "settings.retrieval.concepts_per_image differ" in done.stderr
