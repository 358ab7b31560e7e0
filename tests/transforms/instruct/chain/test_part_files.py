"""What stages say of rows is seen by those after them, and by nobody before; nothing of it is lost or said twice."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

import pyarrow as pa
import pytest

from tests.transforms.instruct.chain.small_chain import PART, asking, folder_of
from tests.transforms.instruct.small_rows import ROWS_OF_ALL_KINDS
from transforms.datasets import read_table
from transforms.errors import RunFolderError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Fact, Outcome, Rating, SafetyFinding, edit
from transforms.instruct.chain.part_files import done_before, judge_part, read_rows, remaining, write_outcome
from transforms.instruct.rows import Row
from transforms.instruct.schema import FACTS
from transforms.rejects import Counts, Reason, Reject

ROWS = [asking("0", "one", "two"), asking("1", "x"), asking("2", "y")]
KEYS = [row.key for row in ROWS]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> InstructFolder:
    return folder_of(tmp_path, ROWS)


def bare(row: Row) -> Row:
    return dataclasses.replace(row, source_record=None)


def test_rows_are_read_as_they_were_written(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path, ROWS_OF_ALL_KINDS)
    assert read_rows(folder, PART, "safety", with_record=True) == list(ROWS_OF_ALL_KINDS)
    assert read_rows(folder, PART, "safety") == [bare(row) for row in ROWS_OF_ALL_KINDS]


def test_what_one_stage_says_the_next_one_sees(folder: InstructFolder) -> None:
    said = Outcome(
        edits=[edit(ROWS[0], 1, 0, "ONE", "masked", "me"), edit(ROWS[2], 1, 0, "gone", "masked")],
        facts=[
            Fact(
                KEYS[0], masked=(1,), group=bytes(16), language="en", safety=(SafetyFinding("email", None, "masked"),)
            ),
            Fact(KEYS[1], pair=("s/a/9", "translation"), ratings=(Rating(1, "format", 0.5, "m"),)),
            Fact(KEYS[2], split="train"),
        ],
        rejects=[Reject(KEYS[2], Reason.NO_ANSWER, "why")],
    )
    assert write_outcome(folder, "safety", PART, KEYS, said) == Counts(3, 2, {"no_answer": 1})
    first, second = read_rows(folder, PART, "validate")
    assert first.messages[1].content[0].text == "ONE" and not first.messages[1].train  # type: ignore[union-attr]
    assert first.messages[3].train
    assert (first.group, first.language) == (bytes(16), "en")
    assert second == bare(dataclasses.replace(ROWS[1], pair=("s/a/9", "translation")))
    assert read_rows(folder, PART, "safety") == [bare(row) for row in ROWS]
    table = read_table(folder.facts("safety", *PART), folder.fingerprints["safety"])
    assert table.schema.names == FACTS.names
    assert table["key"].to_pylist() == KEYS[:2]
    assert table["safety"].to_pylist() == [[{"kind": "email", "score": None, "action": "masked"}], None]
    assert table["ratings"].to_pylist()[1][0]["axis"] == "format"


def test_later_words_count_and_masks_add_up(folder: InstructFolder) -> None:
    first = Outcome(facts=[Fact(KEYS[0], masked=(1,), category="ocr", cut_from=4)])
    write_outcome(folder, "safety", PART, KEYS, first)
    write_outcome(folder, "validate", PART, KEYS, Outcome(facts=[Fact(KEYS[0], masked=(3,), category="science")]))
    row = read_rows(folder, PART, "mix")[0]
    assert row.category == "science"
    assert [message.train for message in row.messages] == [True, False, True, False]


def test_what_is_cut_is_gone_with_all_that_speaks_of_it(folder: InstructFolder) -> None:
    write_outcome(folder, "safety", PART, KEYS, Outcome(facts=[Fact(KEYS[0], cut_from=2)]))
    row = read_rows(folder, PART, "validate")[0]
    assert row.messages == ROWS[0].messages[:2]
    assert row.answers == ROWS[0].answers[:1]


def test_boxes_are_found_again_in_a_text_that_was_written_over(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path, ROWS_OF_ALL_KINDS)
    row = ROWS_OF_ALL_KINDS[0]
    over = Outcome([edit(row, 2, 0, "It is [1, 2, 3, 4]", "normalised")])
    write_outcome(folder, "safety", PART, [one.key for one in ROWS_OF_ALL_KINDS], over)
    boxed, beside = read_rows(folder, PART, "validate")[0].regions
    assert (boxed.start, boxed.end) == (6, 18)
    assert beside == row.regions[1]


def test_a_box_that_was_written_away_stands_beside_the_turns(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path, ROWS_OF_ALL_KINDS)
    keys = [one.key for one in ROWS_OF_ALL_KINDS]
    write_outcome(folder, "safety", PART, keys, Outcome([edit(ROWS_OF_ALL_KINDS[0], 2, 0, "There.", "masked")]))
    boxed = read_rows(folder, PART, "validate")[0].regions[0]
    assert (boxed.message, boxed.part, boxed.start, boxed.end) == (-1, -1, -1, -1)
    assert boxed.xy == (1.0, 2.0, 3.0, 4.0)


def test_a_part_that_is_done_is_not_done_again(folder: InstructFolder) -> None:
    seen: list[int] = []

    def judge(rows: Sequence[Row]) -> Outcome:
        seen.append(len(rows))
        return Outcome(rejects=[Reject(rows[0].key, Reason.NO_ANSWER, "")])

    assert done_before(folder, "safety", PART) is None
    counts = judge_part(folder, "safety", PART, judge)
    assert counts == judge_part(folder, "safety", PART, judge) == done_before(folder, "safety", PART)
    assert judge_part(folder, "validate", PART, judge).rows_in == 2
    assert seen == [3, 2]
    assert remaining(folder, PART, "mix", ["key"])["key"].to_pylist() == KEYS[2:]


def test_edits_of_an_earlier_attempt_go(folder: InstructFolder) -> None:
    write_outcome(folder, "safety", PART, KEYS, Outcome([edit(ROWS[1], 1, 0, "z", "masked")]))
    assert folder.edits("safety", *PART).is_file()
    write_outcome(folder, "safety", PART, KEYS, Outcome())
    assert not folder.edits("safety", *PART).is_file()


def test_edits_that_were_lost_are_missed(folder: InstructFolder) -> None:
    write_outcome(folder, "safety", PART, KEYS, Outcome([edit(ROWS[1], 1, 0, "z", "masked")]))
    folder.edits("safety", *PART).delete()
    with pytest.raises(RunFolderError, match=r"edits/safety/s/a\.parquet is missing"):
        read_rows(folder, PART, "validate")


@pytest.mark.parametrize(
    "said",
    [
        Outcome(rejects=[Reject(KEYS[0], Reason.NO_ANSWER, "")] * 2),
        Outcome(rejects=[Reject("s/a/9", Reason.NO_ANSWER, "")]),
        Outcome(facts=[Fact("s/a/9")]),
        Outcome(facts=[Fact(KEYS[0]), Fact(KEYS[0])]),
    ],
)
def test_a_stage_that_miscounts_is_stopped(folder: InstructFolder, said: Outcome) -> None:
    with pytest.raises(ValueError):
        write_outcome(folder, "safety", PART, KEYS, said)
    assert not folder.facts("safety", *PART).is_file()


def test_files_of_other_settings_are_refused(folder: InstructFolder) -> None:
    write_outcome(folder, "safety", PART, KEYS, Outcome())
    other = dataclasses.replace(folder, fingerprints={**folder.fingerprints, "safety": "0" * 15 + "9"})
    with pytest.raises(RunFolderError, match=r"safety/s/a\.parquet"):
        read_rows(other, PART, "validate")
    with pytest.raises(RunFolderError):
        done_before(other, "safety", PART)


def test_some_rows_are_as_they_are_among_all(folder: InstructFolder) -> None:
    told = Outcome([edit(ROWS[0], 1, 0, "new", "normalised")], [Fact(KEYS[1], category="text")], [])
    write_outcome(folder, "safety", PART, KEYS, told)
    all_rows = {row.key: row for row in read_rows(folder, PART, "validate")}
    wanted = [KEYS[1], KEYS[0]]
    some = read_rows(folder, PART, "validate", only=pa.array(wanted))
    assert some == [all_rows[key] for key in KEYS[:2]]
    assert some[1].category == "text"
    assert read_rows(folder, PART, "validate", only=pa.array([], pa.string())) == []
