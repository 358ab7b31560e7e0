from __future__ import annotations

import json
import pathlib
from collections import Counter
from typing import Any

import pytest

from pipelines import balance
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from tests.transforms.balancing.corpus import random_ids, selected_copies, write_corpus
from tests.transforms.balancing.passes import run_passes
from transforms.balancing import beam as balance_beam
from transforms.balancing import corpus_size
from transforms.balancing.methods import METHODS
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings, EvenSettings, Method
from transforms.datasets import read_counts
from transforms.errors import EvenweaveError

ONE_WORKER = InProcessEngine(RunnerSettings(workers=1))
DUPLICATES = set(range(0, 600, 5))


def files(root: pathlib.Path) -> dict[str, bytes]:
    """The bytes of all that balance writes."""
    paths = [*root.glob("selection/**/*.parquet"), *root.glob("balance/*"), root / "concepts.parquet"]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


@pytest.mark.parametrize(
    "method", [pytest.param(name, marks=[pytest.mark.slow] * (name != "even")) for name in sorted(METHODS)]
)
def test_balance_from_annotations_to_selection(tmp_path: pathlib.Path, method: Method) -> None:
    settings = BalanceSettings(method=method, size=100, even=EvenSettings(floor=2))
    ids = random_ids(600, 50, 4, 0)
    folder, names = write_corpus(tmp_path / "beam", ids, 5, 50, duplicates=DUPLICATES)
    balance.run(folder, names, settings, 50, ONE_WORKER)
    chosen = selected_copies(folder, names)
    assert sum(chosen.values()) == len(chosen) == 100
    assert not chosen.keys() & {f"k{row}" for row in DUPLICATES}
    left = json.loads(folder.counts("balance").read_text())
    assert left == {"rows_in": 480, "rows_out": 100, "rejects": {"not_selected": 380}}
    total = sum(
        (read_counts(folder.selection(*name), folder.fingerprint) for name in names[1:]),
        start=read_counts(folder.selection(*names[0]), folder.fingerprint),
    )
    assert total.to_dict() == left

    alone, names = write_corpus(tmp_path / "alone", ids, 5, 50, duplicates=DUPLICATES)
    run_passes(ShardReader(alone, settings), names, 50)
    assert files(tmp_path / "beam") == files(tmp_path / "alone")


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path: pathlib.Path) -> None:
    settings = BalanceSettings(method="inverse_frequency", size=100, max_copies=2)
    folder, names = write_corpus(tmp_path, random_ids(600, 50, 4, 0), 4, 50)
    run_passes(ShardReader(folder, settings), names, 50)
    whole = files(tmp_path)
    kept = folder.selection(*names[0])
    written = pathlib.Path(kept.path).stat().st_mtime_ns
    folder.selection(*names[1]).delete()
    folder.concepts.delete()
    balance.run(folder, names, settings, 50, ONE_WORKER)
    assert files(tmp_path) == whole
    assert pathlib.Path(kept.path).stat().st_mtime_ns == written


@pytest.mark.slow
def test_a_size_above_the_corpus_is_told_to_the_user(tmp_path: pathlib.Path) -> None:
    folder, names = write_corpus(tmp_path, random_ids(60, 50, 4, 0), 2, 50)
    with pytest.raises(EvenweaveError, match=r"asks for 61 images of the corpus, which holds 60 after deduplication"):
        balance.run(folder, names, BalanceSettings(size=61), 50, ONE_WORKER)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "added_up_at_once"), [(1, 1000), (1, 1), (2, 4)])
def test_strata_and_caps_are_those_of_the_passes_alone(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, workers: int, added_up_at_once: int
) -> None:
    """Whatever the number of workers, and of levels of groups in which what shards give is added up: none, two, one.

    In this process each shard, and each sum, is dealt by itself, as if all came in bundles of their own.
    """
    monkeypatch.setattr(corpus_size, "_ALONE", added_up_at_once)
    monkeypatch.setattr(corpus_size, "_FAN_IN", 3)
    dealt = Counter[tuple[int, int]]()

    def add(self: Any, number: int, value: Any) -> None:
        dealt[self._groups, number % self._groups] += 1
        vars(self).setdefault("_each", []).append((number, value))

    def finish(self: Any) -> Any:
        for number, value in vars(self).pop("_each", []):
            self._total = None
            together(self, number, value)
            yield from ended(self)

    together, ended = balance_beam._AddUpBundle.add, balance_beam._AddUpBundle.finish_bundle
    monkeypatch.setattr(balance_beam._AddUpBundle, "add", add)
    monkeypatch.setattr(balance_beam._AddUpBundle, "finish_bundle", finish)
    even = {"floor": 2, "caps": {"source": {"a": 0.3}}, "target": {"concept 3": 2.0}, "max_corrections": 1}
    strata = {"by": "lang", "sizes": {"en": 80, "zh": 40}}
    settings = BalanceSettings.model_validate({"size": 120, "even": even, "strata": strata, "max_sample_rows": 200})
    ids, langs = random_ids(600, 50, 4, 0), ["zh" if row % 3 else "en" for row in range(600)]
    folder, names = write_corpus(tmp_path / "beam", ids, 5, 50, langs=langs)
    balance.run(folder, names, settings, 50, InProcessEngine(RunnerSettings(workers=workers)), rows=600)
    alone, names = write_corpus(tmp_path / "alone", ids, 5, 50, langs=langs)
    run_passes(ShardReader(alone, settings), names, 50)
    assert files(tmp_path / "beam") == files(tmp_path / "alone")
    if (workers, added_up_at_once) == (1, 1):
        levels = Counter(groups for groups, _ in dealt)
        assert levels[9] > 2 and levels[3] > 1, "several groups went through each level"
