"""Going back in a run folder: in an order that leaves something to be noticed wherever it is broken off."""

from __future__ import annotations

import pathlib

import pytest

from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE, BALANCE, EXPORT, VOCABULARY
from transforms.storage import StoragePath
from transforms.verifying import repair as repairing
from transforms.verifying.finding import Finding
from transforms.verifying.repair import repair


@pytest.fixture
def state(tmp_path: pathlib.Path) -> RunState:
    state = RunState.open(RunFolder(StoragePath.of(tmp_path), "f" * 16), {}, {})
    for path in (state.folder.annotations("s", "0"), state.folder.selection("s", "0"), state.folder.concepts):
        path.write_text("a")
    (state.folder.shards / "manifest.json").write_text("{}")
    for stage in (VOCABULARY, ANNOTATE, BALANCE, EXPORT):
        state.finish(stage.name, Counts(1, 1))
    return state


def test_what_is_broken_goes_and_all_that_was_made_of_it(state: RunState) -> None:
    folder = state.folder
    broken = Finding(folder.annotations("s", "0"), "is broken", ANNOTATE, (folder.annotations("s", "0"),))
    left = Finding(folder.root / "run.json", "has another fingerprint", None)
    assert repair(state, [left, broken]) == [left]
    assert [path.name for path in folder.root.walk()] == ["run.json"]
    assert set(RunState.read(folder.root).values["stages"]) == {VOCABULARY.name}


def test_broken_files_go_before_run_json_forgets(state: RunState, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a broken one would be kept by the next run, as whatever is there is."""
    broken = state.folder.selection("s", "0")
    seen: list[bool] = []

    def gone_back(*_: object) -> None:
        seen.extend([broken.exists(), state.folder.under_repair.exists()])

    monkeypatch.setattr(repairing, "go_back", gone_back)
    repair(state, [Finding(broken, "is broken", BALANCE, (broken,))])
    assert seen == [False, True]
    assert not state.folder.under_repair.exists()
