"""One stage: run, checked, entered in run.json, and not run again."""

from __future__ import annotations

import dataclasses
import io
import json
import pathlib
from collections.abc import Callable

import pytest
from rich.console import Console

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from pipelines.run_stage import StageJob, StageRunner
from transforms.errors import EvenweaveError
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE, BALANCE, DEDUPLICATE, EXPORT, FILTER
from transforms.storage import StoragePath


@pytest.fixture
def stages(tmp_path: pathlib.Path) -> StageRunner:
    record = RunState.open(RunFolder(StoragePath.of(tmp_path / "run"), "f" * 16), {}, {})
    console = Console(file=io.StringIO(), width=120)
    return StageRunner(record, InProcessEngine(RunnerSettings(workers=1)), console, max_reject_share=0.5)


def counted(*counts: int, **rejects: int) -> Callable[[], StageJob]:
    return lambda: StageJob(lambda: Counts(*counts, rejects))


def test_counts_that_a_job_left_are_taken(stages: StageRunner) -> None:
    left = stages.state.folder.counts(ANNOTATE.name)
    partial = stages.state.folder.root / "a.tar.partial-1"
    partial.write_text("of a worker that was killed")

    def work() -> None:
        assert not partial.exists()
        left.write_text(json.dumps(Counts(2, 1, {"too_small": 1}).to_dict()))
        stages.state.folder.rejects(ANNOTATE.name, "some", "00000").write_text("of one row")

    stages.state.begin(ANNOTATE.name)
    stages.run_stage(ANNOTATE, lambda: StageJob(work, figures=lambda: {"seen": 3}))
    assert stages.state.values["stages"]["annotate"] == {
        "state": "done",
        "counts": {"rows_in": 2, "rows_out": 1, "rejects": {"too_small": 1}},
        "reject_files": 1,
        "seen": 3,
    }
    assert not left.exists()


def test_a_stage_of_a_run_that_orders_its_stages_itself(stages: StageRunner) -> None:
    """What it takes from is the run's: it is the same stage, and what its killed writers left is removed."""
    partial = stages.state.folder.root / "x" / "a.tar.partial-1"
    partial.write_text("of a worker that was killed")
    stages.state.begin(DEDUPLICATE.name)
    reordered = dataclasses.replace(DEDUPLICATE, takes=None)
    assert reordered == DEDUPLICATE
    stages.run_stage(reordered, counted(3, 3))
    assert not partial.exists()


def test_what_is_done_is_told_and_not_looked_for(stages: StageRunner) -> None:
    def never() -> StageJob:
        raise AssertionError

    stages.run_stage(ANNOTATE, counted(5, 5))
    stages.run_stage(ANNOTATE, never)
    assert isinstance(stages.console.file, io.StringIO)
    first, second = stages.console.file.getvalue().splitlines()
    assert "5 in" in first and "done before" in second


def test_rejects_are_bounded_where_the_declaration_says_so(stages: StageRunner) -> None:
    with pytest.raises(EvenweaveError, match="3 of 4 rows were rejected"):
        stages.run_stage(ANNOTATE, counted(4, 1, too_small=3))
    assert not stages.state.is_done(ANNOTATE.name)
    stages.run_stage(ANNOTATE, counted(4, 4))
    stages.run_stage(DEDUPLICATE, counted(4, 1, exact_duplicate=3))


def test_rows_that_were_not_handed_over(stages: StageRunner) -> None:
    stages.run_stage(ANNOTATE, counted(4, 4))
    with pytest.raises(EvenweaveError, match=r"deduplicate took in 3 rows, but annotate gave out 4 by .*run\.json"):
        stages.run_stage(DEDUPLICATE, counted(3, 3))
    assert not stages.state.is_done(DEDUPLICATE.name)


def test_a_stage_that_is_off_hands_on_what_was_left_before_it(stages: StageRunner) -> None:
    stages.run_stage(ANNOTATE, counted(4, 4))
    stages.run_stage(FILTER, counted(4, 3, too_small=1))
    with pytest.raises(EvenweaveError, match="deduplicate took in 4 rows, but filter gave out 3"):
        stages.run_stage(DEDUPLICATE, counted(4, 4))
    del stages.state.values["stages"]["filter"]
    stages.run_stage(DEDUPLICATE, counted(4, 4))
    assert stages.state.is_done(DEDUPLICATE.name)


def test_copies_may_be_more_than_the_rows_selected(stages: StageRunner) -> None:
    stages.run_stage(ANNOTATE, counted(2, 2))
    stages.run_stage(DEDUPLICATE, counted(2, 2))
    stages.run_stage(BALANCE, counted(2, 2))
    stages.run_stage(EXPORT, counted(3, 3))
    assert stages.state.is_done(EXPORT.name)
