"""Rows that ask other things about one image, as one conversation: all turns are there, in one order, once."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.instruct.duplicates.small_duplicates import asking, picture
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Text
from transforms.datasets import ShardName, read_table, write_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Fact, Outcome, edit
from transforms.instruct.chain.part_files import read_rows, write_outcome
from transforms.instruct.duplicates.joining import join, joined
from transforms.instruct.rows import Region, Row, to_table
from transforms.rejects import Counts, Reason
from transforms.storage import StoragePath

NAME = ShardName("s", "a")
STAGES = ("standardise", "duplicates", "split", "mix", "publish")
PRINTS = {stage: f"{place:016x}" for place, stage in enumerate(STAGES)}
HOUSE, SHIP = picture("house"), picture("ship")


def region(message: int, part: int) -> Region:
    return Region(0, "box", (1.0, 2.0, 3.0, 4.0), "", message, part, 3, 9)


def outcome_of(rows: list[Row], most_rows: int = 6) -> Outcome:
    told = Outcome(facts=[Fact(row.key, group=bytes(16)) for row in rows])
    join(told, rows, {row.key: len(rows) - at for at, row in enumerate(rows)}, most_rows)
    return told


def asked(row: Row) -> list[str]:
    return ["".join(part.text for part in message.content if isinstance(part, Text)) for message in row.messages[::2]]


def test_turns_stand_behind_one_another_and_media_are_shown_once() -> None:
    first = asking("one", "Who?", "A man", HOUSE, SHIP)
    second = asking("two", "At [1, 2, 3, 4]?", "Yes", HOUSE, SHIP, boxes=(region(0, 2), region(1, 0), region(-1, -1)))
    found = joined([first, second])
    assert [message.role for message in found.messages] == ["user", "assistant"] * 2
    assert asked(found) == ["Who?", "At [1, 2, 3, 4]?"]
    assert sum(isinstance(part, Image) for message in found.messages for part in message.content) == 2
    assert found.media == first.media
    assert [(one.message, one.part) for one in found.regions] == [(2, 0), (3, 0), (-1, -1)]
    assert [(one.message, one.value) for one in found.answers] == [(1, None), (3, "yes")]


def test_only_what_belongs_together_is_joined() -> None:
    alone = [
        asking("other image", "Where?", "There", SHIP),
        replace(asking("chinese", "谁？", "人", HOUSE), language="zh"),
        replace(asking("other licence", "Why?", "So", HOUSE), licence_data="MIT"),
        replace(asking("tools", "How?", "So", HOUSE), tools="[{}]"),
        asking("no question", "", "A house by the sea", HOUSE),
        replace(
            asking("amidst", "", "", HOUSE), messages=(turn("user", "See", Image(0), "?"), turn("assistant", "I do"))
        ),
        replace(asking("told", "", "", HOUSE), messages=(turn("system", "Be brief"), turn("assistant", "Yes"))),
        asking("no image", "Who?", "A man"),
    ]
    told = outcome_of([asking("one", "Who?", "A man", HOUSE), *alone, asking("same", "who?", "Nobody", HOUSE)])
    assert not told.joined and not told.rejects
    told = outcome_of([asking("one", "Who?", "A man", HOUSE), *alone, asking("two", "When?", "Now", HOUSE)])
    assert [row.key for row in told.joined] == ["s/a/two"], "the order is that of the keyed numbers"
    assert [(one.key, one.reason) for one in told.rejects] == [("s/a/one", Reason.JOINED)]
    assert told.rejects[0].detail == "its turns stand in s/a/two"


def test_a_translation_is_not_taken() -> None:
    rows = [asking("one", "Who?", "A man", HOUSE), asking("two", "When?", "Now", HOUSE)]
    told = Outcome(facts=[Fact(rows[0].key, pair=("s/b/one", "translation")), Fact(rows[1].key)])
    join(told, rows, {row.key: 0 for row in rows}, 6)
    assert not told.joined and not told.rejects


@given(
    shows=st.lists(st.sampled_from([HOUSE, SHIP]), max_size=12),
    questions=st.lists(st.sampled_from(["Who?", "When?", "Where?", "Why?"]), min_size=12, max_size=12),
    most_rows=st.integers(2, 4),
)
def test_nothing_is_lost(shows: list, questions: list[str], most_rows: int) -> None:
    rows = [asking(str(at), questions[at], "So it is", shown) for at, shown in enumerate(shows)]
    told = outcome_of(rows, most_rows)
    taken = {one.key for one in told.rejects}
    kept = {row.key: row for row in rows if row.key not in taken} | {row.key: row for row in told.joined}
    assert sorted(question for row in kept.values() for question in asked(row)) == sorted(questions[: len(rows)])
    assert all(len(asked(row)) == len(set(asked(row))) <= most_rows for row in kept.values())
    assert {one.detail.removeprefix("its turns stand in ") for one in told.rejects} <= kept.keys() - taken
    backwards = outcome_of(rows, most_rows)
    join(
        again := Outcome(facts=backwards.facts),
        rows[::-1],
        {row.key: len(rows) - int(row.key[4:]) for row in rows},
        most_rows,
    )
    assert sorted(again.joined, key=lambda row: row.key) == sorted(told.joined, key=lambda row: row.key)


def test_later_stages_see_and_edit_the_joined_row(tmp_path: pathlib.Path) -> None:
    folder = InstructFolder(StoragePath.of(str(tmp_path)), PRINTS["publish"], STAGES, PRINTS)
    rows = [
        asking("one", "Who?", "A man", HOUSE),
        asking("two", "When?", "now", HOUSE),
        asking("ship", "Who?", "I", SHIP),
    ]
    rows = [replace(row, source_record=f'{{"of": "{row.key}"}}') for row in rows]
    write_table(folder.rows(*NAME), to_table(rows), PRINTS["standardise"], Counts(3, 3))
    keys = [row.key for row in rows]
    counts = write_outcome(folder, "duplicates", NAME, keys, outcome_of(rows))
    assert (counts.rows_in, counts.rows_out, counts.rejects) == (3, 2, {"joined": 1})
    (two, ship) = read_rows(folder, NAME, "split", with_record=True)
    assert asked(two) == ["When?", "Who?"] and two.source_record == rows[1].source_record and two.group == bytes(16)
    assert ship == replace(rows[2], group=bytes(16))
    assert [asked(row) for row in read_rows(folder, NAME, "duplicates")] == [["Who?"], ["When?"], ["Who?"]]
    mended = Outcome(edits=[edit(two, 3, 0, "A woman", "normalised")], facts=[Fact(two.key, masked=(1,))])
    write_outcome(folder, "split", NAME, [two.key, ship.key], mended)
    seen = read_rows(folder, NAME, "mix")[0]
    assert seen.messages[3].content == (Text("A woman"),)
    assert [message.train for message in seen.messages] == [True, False, True, True]
    assert read_table(folder.rows(*NAME), PRINTS["standardise"]).num_rows == 3


@pytest.mark.parametrize("most", [2, 3])
def test_conversations_have_their_most_rows(most: int) -> None:
    rows = [asking(str(at), f"Number {at}?", "Yes", HOUSE) for at in range(6)]
    told = outcome_of(rows, most)
    assert [len(row.messages) // 2 for row in told.joined] == [most] * (6 // most)
