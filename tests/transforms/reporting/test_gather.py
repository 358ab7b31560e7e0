from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.transforms.reporting.synthetic_run import CONFIG, Row, SyntheticRun
from transforms.browsing.found_images import Fetch
from transforms.browsing.shards import list_annotated
from transforms.errors import RunFolderError
from transforms.rejects import Reason, Reject
from transforms.reporting.breakdown import by_language, by_source, tally_shards
from transforms.reporting.gather import gather
from transforms.reporting.summary import BreakdownRow
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath


def test_figures_equal_those_counted_by_hand(small_run: SyntheticRun, root: StoragePath, fetch: Fetch) -> None:
    summary = gather(small_run.write(root), fetch)
    assert (summary.raw, summary.selected, summary.method) == (9, 4, "raked")
    assert summary.sources == (BreakdownRow("web", "CC-BY-4.0", 4, 2), BreakdownRow("zh", "CC0-1.0", 2, 2))
    assert summary.languages == (
        BreakdownRow("en", "", 3, 2),
        BreakdownRow("zh", "", 2, 2),
        BreakdownRow("fr", "", 1, 0),
    )
    assert [stage.name for stage in summary.stages] == ["annotate", "deduplicate", "balance"]
    assert [(row.name, row.before, row.random, row.after) for row in summary.commonest] == [
        ("dog", 5, 3, 2),
        ("cat", 3, 1, 2),
    ]
    assert [row.name for row in summary.rarest] == ["rare"]
    assert summary.absent_concepts == 1


def test_measures_are_those_of_the_counts(small_run: SyntheticRun, root: StoragePath) -> None:
    entropy, top, gini, distance, covered = gather(small_run.write(root)).measures
    shares = np.array([5, 3, 1]) / 9
    assert entropy.before == pytest.approx(-(shares * np.log(shares)).sum() / np.log(3))
    assert entropy.after == pytest.approx(np.log(2) / np.log(3))  # two concepts alike, the third gone
    assert (top.before, top.random, top.after) == pytest.approx((5 / 9, 3 / 5, 1 / 2))
    assert top.texts() == ("55.6 %", "60.0 %", "50.0 %")
    assert gini.after == pytest.approx(1 / 3)
    assert distance.after == pytest.approx(1 / 3)
    assert covered.texts() == ("0", "0", "0")


def test_examples_come_from_the_selection_else_from_the_corpus(
    small_run: SyntheticRun, root: StoragePath, fetch: Fetch
) -> None:
    summary = gather(small_run.write(root), fetch)
    dog, cat = summary.commonest
    assert [(example.key, example.thumbnail is not None) for example in dog.examples] == [("w1", True), ("w2", False)]
    assert {example.key: example.thumbnail is not None for example in cat.examples} == {"w1": True, "z1": False}
    (rare,) = summary.rarest
    assert [(example.key, example.selected) for example in rare.examples] == [("w3", False)]


def test_examples_keep_to_the_least_similarity(root: StoragePath, fetch: Fetch) -> None:
    rows = [Row("sure", [0], copies=1, score=0.5), Row("doubtful", [0], copies=1, score=0.1)]
    config = {**CONFIG, "balance": {"size": 2, "min_similarity": 0.3}}
    run = SyntheticRun([("dog", 1, 1, 1)], {("web", "a"): rows}, config=config)
    assert [example.key for example in gather(run.write(root), fetch).commonest[0].examples] == ["sure"]


@pytest.mark.parametrize("config", [{}, {**CONFIG, "balance": {"method": "fair", "size": 1}}])
def test_a_record_without_the_settings_of_a_build_is_refused(config: dict[str, Any], root: StoragePath) -> None:
    run = SyntheticRun([("dog", 1, 1, 1)], {("web", "a"): [Row("w", [0], copies=1)]}, config=config)
    with pytest.raises(RunFolderError, match=r"run.json does not hold the settings of a build: balance"):
        gather(run.write(root))


def test_rejects_by_stage_and_reason_with_a_few_examples(root: StoragePath) -> None:
    many = [Reject(f"k{i}", Reason.EMPTY_IMAGE, "") for i in range(5)]
    run = SyntheticRun(
        [("dog", 1, 1, 1)],
        {("web", "a"): [Row("w", [0], copies=1), Row("v", [0])]},
        {
            ("annotate", "web", "a"): [*many[:2], Reject("odd", Reason.TOO_SMALL, "3 x 3")],
            ("annotate", "web", "b"): many[2:],
        },
    )
    empty, small = gather(run.write(root)).rejects  # what was not selected is not among them
    assert (empty.stage, empty.reason, empty.count) == ("annotate", "empty_image", 5)
    assert [example.key for example in empty.examples] == ["k0", "k1", "k2"]
    assert [(example.key, example.detail, example.source) for example in small.examples] == [("odd", "3 x 3", "web")]


def test_a_part_of_the_shards_is_scaled_up_by_source(root: StoragePath) -> None:
    big = {("web", f"{i:02d}"): [Row(f"w{i}{j}", [0], copies=int(j == 0)) for j in range(3)] for i in range(8)}
    small = {("zh", f"{i:02d}"): [Row(f"z{i}", [0], lang="zh", copies=1)] for i in range(2)}
    record = SyntheticRun([("dog", 26, 1, 10)], {**big, **small}).write(root)
    shards = list_annotated(record.folder)
    tallies = tally_shards(record.folder, shards[:5])
    assert {tally.name.source for tally in tallies} == {"web", "zh"}
    assert by_source(tallies, shards, {}) == (
        BreakdownRow("web", "unknown", 24, 8),
        BreakdownRow("zh", "unknown", 2, 2),
    )
    assert by_language(tallies, shards) == (BreakdownRow("en", "", 24, 8), BreakdownRow("zh", "", 2, 2))


@pytest.mark.parametrize(("done", "missing"), [((), "annotate"), (("annotate", "deduplicate"), "balance")])
def test_an_unfinished_run_names_the_stage_it_lacks(
    small_run: SyntheticRun, root: StoragePath, done: tuple[str, ...], missing: str
) -> None:
    with pytest.raises(RunFolderError, match=f"stage {missing} has not run"):
        gather(small_run.write(root, done))


def test_a_stage_cut_short_is_named(small_run: SyntheticRun, root: StoragePath) -> None:
    record = small_run.write(root)
    record.begin("deduplicate")
    with pytest.raises(RunFolderError, match="stage deduplicate is running, not done"):
        gather(record)


def test_a_run_folder_of_other_settings_is_refused(small_run: SyntheticRun, root: StoragePath) -> None:
    record = small_run.write(root)
    other = RunState(RunFolder(root, "f" * 16), record.values)
    with pytest.raises(RunFolderError, match="ffffffffffffffff"):
        gather(other)
