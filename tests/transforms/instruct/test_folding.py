"""Texts are written over in the view alone, stage after stage, and only where an edit belongs to the text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tests.transforms.instruct.small_rows import ROWS_OF_ALL_KINDS
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Text
from transforms.errors import RunFolderError
from transforms.instruct.folding import answers_again, fold, text_hash
from transforms.instruct.rows import Answer, Row, from_table, to_table
from transforms.instruct.schema import EDITS

ROWS = to_table(ROWS_OF_ALL_KINDS)


def edits(*found: tuple[str, int, int, str, str] | tuple[str, int, int, str, str, str]) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for key, message, part, before, text, *verdict in found:
        values = {"key": key, "message": message, "part": part, "text": text, "before": text_hash(before)}
        rows.append({**values, "origin": "normalised", "verdict": verdict[0] if verdict else "kept"})
    return pa.Table.from_pylist(rows, EDITS)


def texts(table: pa.Table) -> list[list[str]]:
    return [
        [part.text for m in row.messages for part in m.content if hasattr(part, "text")] for row in from_table(table)
    ]


def test_without_edits_rows_are_as_they_were() -> None:
    assert fold(ROWS, []).equals(ROWS)
    assert fold(ROWS, [("safety", EDITS.empty_table())]).equals(ROWS)
    assert fold(ROWS.slice(0, 0), [("safety", EDITS.empty_table())]).num_rows == 0


def test_stages_write_over_each_other_and_refused_edits_do_not() -> None:
    first = edits(("s/a/0", 1, 1, "and", "und"), ("s/a/1", 1, 0, "x", "y"))
    second = edits(("s/a/1", 1, 0, "y", "z"), ("s/a/1", 0, 0, "Hi", "Ho", "safety"))
    folded = fold(ROWS, [("answers", first), ("rewriting", second)])
    assert texts(folded) == [["Be brief.", "und", "?", "[1, 2, 3, 4]", "图"], ["Hi", "z"]]
    assert folded.schema == ROWS.schema
    assert folded.drop(["messages"]).equals(ROWS.drop(["messages"]))
    assert texts(ROWS)[1] == ["Hi", "x"]
    assert texts(fold(ROWS.slice(1), [("answers", edits(("s/a/1", 1, 0, "x", "y")))])) == [["Hi", "y"]]


def test_thoughts_and_tools_are_written_over_too() -> None:
    tools = ("s/a/0", -1, -1, '[{"name": "look"}]', "[]")
    folded = from_table(fold(ROWS, [("safety", edits(tools, ("s/a/0", 2, -1, "Look.", "Hm.")))]))
    assert (folded[0].tools, folded[0].messages[2].reasoning) == ("[]", "Hm.")
    assert (
        folded[0].messages[2].content == ROWS_OF_ALL_KINDS[0].messages[2].content and folded[1] == ROWS_OF_ALL_KINDS[1]
    )
    with pytest.raises(RunFolderError, match="no text"):
        fold(ROWS, [("safety", edits(("s/a/0", 1, -1, "", "Hm.")))])


def test_answers_are_what_the_texts_say_now() -> None:
    messages = (turn("user", "Which?\nA. [CARD]\nB. dog"), turn("assistant", "B"))
    stated = Answer(1, "letter", "A", ("4304", "dog"), (1,))
    assert answers_again(Row("k", "s", messages, answers=(stated,))).answers == (
        Answer(1, "letter", "B", ("[CARD]", "dog"), (1,)),
    )
    beside = Answer(1, "free", None, ("cat", "Cat"), (0, 1))
    asked = (turn("user", "Which?"), turn("assistant", "5"))
    assert answers_again(Row("k", "s", asked, answers=(beside,))).answers == (
        Answer(1, "number", "5", ("cat", "Cat"), (0, 1)),
    )


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (("s/a/1", 1, 0, "another text", "y"), "reads otherwise"),
        (("s/a/0", 1, 0, "", "y"), "no text"),
        (("s/a/1", 2, 0, "x", "y"), "no such part"),
        (("s/a/1", 1, 1, "x", "y"), "no such part"),
        (("s/a/1", -1, 0, "x", "y"), "no such part"),
        (("other", 0, 0, "x", "y"), "no such part"),
    ],
)
def test_an_edit_that_belongs_elsewhere_is_an_error(edit: tuple[str, int, int, str, str], why: str) -> None:
    with pytest.raises(RunFolderError, match=f"edits of rewriting do not belong.*{why}"):
        fold(ROWS, [("rewriting", edits(edit))])


def test_an_edit_behind_the_last_part_adds_a_text() -> None:
    first = edits(("s/a/0", 1, 5, "", "look"), ("s/a/1", 1, 1, "", "y"))
    second = edits(("s/a/0", 1, 5, "look", "Look!"))
    folded = from_table(fold(ROWS, [("templates", first), ("rewriting", second)]))
    before = ROWS_OF_ALL_KINDS[0].messages[1].content
    assert folded[0].messages[1].content == (*before, Text("Look!"))
    assert folded[0].messages[2:] == ROWS_OF_ALL_KINDS[0].messages[2:]
    assert folded[1].messages[1].content == (Text("x"), Text("y"))
    with pytest.raises(RunFolderError, match="no such part"):
        fold(ROWS, [("templates", edits(("s/a/0", 1, 6, "", "look")))])
