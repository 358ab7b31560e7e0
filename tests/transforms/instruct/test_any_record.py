"""Whatever a record holds, it is a row that can be written, or a reject with its reason: it never breaks a set."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.instruct.small_sets import picture, source
from transforms.datasets import rejects_table
from transforms.instruct.adapters.registry import ADAPTERS
from transforms.instruct.media import MediaFiles
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.rows import from_table, to_table
from transforms.instruct.standardising import ReadRecord, grounded, measure_all, read_record
from transforms.rejects import Reject
from transforms.storage import StoragePath

HERE = pathlib.Path(__file__).parent
SOURCE = source(
    HERE, coordinates={"unit": "pixels", "order": "xyxy", "frame": "upright"}, place_media="before_first_question"
)
PART = InstructPart("s", "a", StoragePath.of(HERE / "a.json"), "json", 1, 0, 1)

_ODD = ["A", "yes", "<image>", "[1, 2, 3, 4]", "\ud800"]
TEXTS = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(
    ["A", "yes", "<image>", "[1, 2, 3, 4]", "\ud800"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just(b"\xff"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted(
    {field for adapter in ADAPTERS.values() for field in adapter.fields}
    | {"id", "image", "images", "license", "language", "instances", "objects", "bboxes", "bbox"}
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """The example of an adapter, some of its fields and others with values of any kind, and pictures that are there."""
    record: dict[str, Any] = dict(draw(st.sampled_from([dict(adapter.example) for adapter in ADAPTERS.values()])))
    if draw(st.booleans()):
        record.pop("image", None)
        record["images"] = [{"bytes": picture(), "path": "a.jpg"}] * draw(st.integers(0, 2))
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        record[field] = draw(VALUES)
    if draw(st.booleans()):
        record["bbox"] = draw(st.lists(st.floats() | st.integers(), min_size=4, max_size=4))
    return record


def standardised(record: Mapping[str, Any]) -> Any:
    read = read_record("0", record, PART, SOURCE)
    if not isinstance(read, ReadRecord):
        return read
    measured = measure_all(read.row, MediaFiles(SOURCE, PART.path))
    return measured if isinstance(measured, Reject) else grounded(read, measured, SOURCE)


@given(records())
@settings(max_examples=100, deadline=None)
def test_a_row_or_a_reject(record: dict[str, Any]) -> None:
    found = standardised(record)
    if isinstance(found, Reject):
        assert found.key == "s/a/0" and found.detail
        rejects_table("a", [found]).validate(full=True)
        return
    table = to_table([found])
    table.validate(full=True)
    json.loads(found.source_record or "")
    (again,) = from_table(table)
    assert again.messages == found.messages and again.answers == found.answers and again.media == found.media
