"""A part with rows that were made: at rest, in the view of later stages, and in the counts."""

from __future__ import annotations

import pathlib

import pytest

from tests.transforms.instruct.composing.test_making import QUESTIONS, asked
from transforms.datasets import ShardName, read_table, write_table
from transforms.errors import EvenweaveError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Fact, Outcome, SafetyFinding
from transforms.instruct.chain.part_files import judge_part, read_rows, remaining, write_outcome
from transforms.instruct.composing.part import ComposeJob
from transforms.instruct.composing.settings import ComposeSettings
from transforms.instruct.mixing.about import read_about
from transforms.instruct.rows import Row, to_table
from transforms.instruct.safety.gate import SafetyGate
from transforms.instruct.safety.settings import SafetySettings
from transforms.instruct.validating.settings import ValidateSettings
from transforms.rejects import Counts, Reason, Reject
from transforms.storage import StoragePath

CHAIN = ("standardise", "safety", "validate", "compose", "templates", "mix", "publish")
NAME = ShardName("s", "a")
ROWS = [asked(at, QUESTIONS["number"], str(at % 4), category="counting") for at in range(20)]


def job(root: pathlib.Path, share: float, blocked: str = "") -> ComposeJob:
    folder = InstructFolder(StoragePath.of(root), "p", CHAIN, dict(zip(CHAIN, "stvcemp", strict=True)))
    write_table(folder.rows(*NAME), to_table(ROWS), "s", Counts(len(ROWS), len(ROWS)))
    marked = [Fact(ROWS[0].key, safety=(SafetyFinding("benchmark_image", None, "marked"),))]
    write_outcome(folder, "safety", NAME, [row.key for row in ROWS], Outcome(facts=marked))
    write_outcome(folder, "validate", NAME, [row.key for row in ROWS], Outcome())
    safety = SafetySettings()
    if blocked:
        (root / "words.txt").write_text(blocked)
        safety = SafetySettings.model_validate({"blocked_words": {"paths": {"en": str(root / "words.txt")}}})
    return ComposeJob(folder, ComposeSettings(share=share), 0, SafetyGate(safety), ValidateSettings(), {})


def test_made_rows_stand_behind_those_that_came_in(tmp_path: pathlib.Path) -> None:
    found = job(tmp_path, 0.2)
    counts = found.work(NAME)
    assert counts == Counts(20, 24, {}, 4) and found.work(NAME) == counts
    counts.check("compose")
    after = read_rows(found.folder, NAME, "templates")
    assert after[:20] == read_rows(found.folder, NAME, "compose") and len(after) == 24
    assert all(len(row.media) > 1 and row.category == "multi_image" for row in after[20:])
    assert ROWS[0].media[0] not in [one for row in after[20:] for one in row.media]
    assert remaining(found.folder, NAME, "compose", ["key"]).num_rows == 20
    edited = judge_part(
        found.folder, "templates", NAME, lambda rows: Outcome(rejects=[Reject(rows[20].key, Reason.REFUSAL, "")])
    )
    assert edited == Counts(24, 23, {"refusal": 1})
    assert [row.key for row in read_rows(found.folder, NAME, "mix")] == [
        row.key for row in after if row is not after[20]
    ]
    about = read_about(found.folder, NAME)
    assert about["category"].to_pylist() == ["counting"] * 20 + ["multi_image"] * 3


def test_without_a_share_no_row_is_made(tmp_path: pathlib.Path) -> None:
    found = job(tmp_path, 0)
    assert found.work(NAME) == Counts(20, 20)
    assert not found.folder.made("compose", *NAME).exists()


def test_what_a_gate_refuses_is_a_reject(tmp_path: pathlib.Path) -> None:
    found = job(tmp_path, 0.2, blocked="cats")
    counts = found.work(NAME)
    assert counts == Counts(20, 20, {"blocked_word": 4}, 4)
    assert read_table(found.folder.rejects("compose", *NAME), "c").num_rows == 4
    assert len(read_rows(found.folder, NAME, "templates")) == 20


def test_a_lost_file_is_no_lost_row(tmp_path: pathlib.Path) -> None:
    found = job(tmp_path, 0.2)
    found.work(NAME)
    found.folder.made("compose", *NAME).delete()
    with pytest.raises(EvenweaveError, match="made/compose"):
        read_rows(found.folder, NAME, "templates")


def test_only_stages_that_say_so_make_rows_and_under_new_keys(tmp_path: pathlib.Path) -> None:
    found = job(tmp_path, 0)
    new: Row = asked(99, "Why?", "3")
    with pytest.raises(ValueError, match="not declared"):
        write_outcome(found.folder, "templates", NAME, ["k"], Outcome(made=[new]))
    with pytest.raises(ValueError, match="keys that are taken"):
        write_outcome(found.folder, "compose", NAME, [new.key], Outcome(made=[new]))
