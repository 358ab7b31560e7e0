"""What a listing says of a run folder."""

from __future__ import annotations

import os
import pathlib

import pytest

from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE, BALANCE, DEDUPLICATE, FILTER, PACK, Stage
from transforms.storage import StoragePath
from transforms.verifying.listing import missing_files, reject_files, sizes_below


def test_a_name_that_is_not_utf_8_ends_no_listing(tmp_path: pathlib.Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xe9.parquet"
    with open(odd, "wb") as file:
        file.write(b"123")
    (tmp_path / "a.tar.partial-0").write_bytes(b"1")
    root = StoragePath.of(tmp_path)
    assert sizes_below(root) == {os.fsdecode(odd): 3, f"{root}/a.tar.partial-0": 1}
    assert sizes_below(root / "a.tar.partial-0") == {f"{root}/a.tar.partial-0": 1}
    assert sizes_below(root / "none") == {}


@pytest.mark.parametrize("stage", [ANNOTATE, FILTER, DEDUPLICATE, PACK])
def test_lost_rejects_of_a_stage_are_told(stage: Stage, tmp_path: pathlib.Path) -> None:
    state = RunState.open(RunFolder(StoragePath.of(tmp_path), "f" * 16), {}, {})
    for name in stage.writes:
        (state.folder.root / name / "a").write_text("a")
    for shard in ("00000", "00001"):
        state.folder.rejects(stage.name, "some", shard).write_text("rows")
    state.finish(stage.name, Counts(9, 7, {"too_small": 2}), reject_files=len(reject_files(state.folder, stage)))
    told = [one.seen for one in missing_files(state, stage, None) if one.path.name == stage.name]
    assert told == []
    state.folder.rejects(stage.name, "some", "00001").delete()
    [finding] = [one for one in missing_files(state, stage, None) if one.path.name == stage.name]
    assert (finding.stage, finding.seen) == (stage, "holds 1 files in place of 2")


def test_a_run_from_before_certificates_lacks_none(tmp_path: pathlib.Path) -> None:
    for number, (config, told) in enumerate((({"balance": {"size": 3}}, []), ({"balance": {"even": {}}}, ["balance"]))):
        state = RunState.open(RunFolder(StoragePath.of(tmp_path / str(number)), "f" * 16), config, {})
        (state.folder.root / "selection" / "a").write_text("a")
        state.folder.concepts.write_text("a")
        state.finish(BALANCE.name, Counts(9, 7, {"not_selected": 2}), reject_files=0)
        assert [one.path.name for one in missing_files(state, BALANCE, None)] == told
