"""Texts are written over in the view alone, stage after stage, and only where an edit belongs to the text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tests.transforms.instruct.small_rows import ROWS_OF_ALL_KINDS
from transforms.errors import RunFolderError
from transforms.instruct.folding import fold, text_hash
from transforms.instruct.rows import from_table, to_table
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
