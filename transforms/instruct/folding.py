"""Rows as stages left them: the texts that were read, with what was written over them, stage after stage.

Shape legend: N rows, M messages and P parts of all rows one behind another, E edits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from transforms.arrow_values import plain_rows, plain_values
from transforms.conversations.document import Message, Text
from transforms.errors import RunFolderError
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.grounding.notations import find_boxes
from transforms.instruct.rows import Answer, Row
from transforms.instruct.schema import KEPT, MESSAGE, PART


def text_hash(text: str) -> bytes:
    """xxh3-128, 16 bytes: what an edit calls the text that it was written over."""
    return xxhash.xxh3_128_digest(text.encode())


_OF_NOTHING = pa.scalar(text_hash(""), pa.binary(16))


def fold(rows: pa.Table, edits: Iterable[tuple[str, pa.Table]]) -> pa.Table:
    """(N) rows with the texts that the stages, each with its edits, left; an edit that was refused changes nothing.
    One of the part behind a message's last, written over nothing, adds a text there.

    Raises RunFolderError, naming the stage and the row, for an edit of a text that is not the one it was written over,
    and of a part that is no text: then edits and rows do not belong together.
    """
    edits = list(edits)
    if not rows.num_rows or not edits:
        return rows
    keys = rows["key"].combine_chunks()
    messages = rows["messages"].combine_chunks()
    contents = _with_room(messages, keys, edits)
    parts = contents.flatten()
    texts = np.asarray(plain_values(parts.field("text")), object)  # (P,)
    thoughts = np.asarray(plain_values(messages.flatten().field("reasoning")), object)  # (M,)
    tools = np.asarray(plain_values(rows["tools"]), object)  # (N,)
    for stage, table in edits:
        kept = table.filter(pc.equal(table["verdict"], KEPT))
        of_message = pc.less(kept["part"], 0)
        of_row = pc.and_(of_message, pc.less(kept["message"], 0))
        for written_over, lists, chosen in (
            (texts, (("message", messages), ("part", contents)), pc.invert(of_message)),
            (thoughts, (("message", messages),), pc.and_not(of_message, of_row)),
            (tools, (), of_row),
        ):
            found = kept.filter(chosen)
            if found.num_rows:
                _write_over(written_over, _places(found, keys, lists, stage), found, stage)
    written = pa.StructArray.from_arrays(
        [parts.field("type"), pa.array(texts, pa.string()), parts.field("media")], fields=list(PART)
    )
    columns = [messages.flatten().field(name) for name in MESSAGE.names]
    columns[MESSAGE.get_field_index("content")] = pa.ListArray.from_arrays(_offsets(contents), written)
    columns[MESSAGE.get_field_index("reasoning")] = pa.array(thoughts, pa.string())
    folded = pa.ListArray.from_arrays(_offsets(messages), pa.StructArray.from_arrays(columns, fields=list(MESSAGE)))
    for name, column in (("messages", folded), ("tools", pa.array(tools, pa.string()))):
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
    return rows


def _with_room(messages: pa.ListArray, keys: pa.Array, edits: Sequence[tuple[str, pa.Table]]) -> pa.ListArray:
    """(M) the parts of all messages, with an empty text at the end of those that an edit adds one to."""
    contents = messages.flatten().field("content")
    starts = _offsets(contents).to_numpy().astype(np.int64)
    new: set[int] = set()
    for stage, table in edits:
        chosen = pc.and_(pc.equal(table["before"], _OF_NOTHING), pc.greater_equal(table["part"], 0))
        found = table.filter(pc.and_(chosen, pc.equal(table["verdict"], KEPT)))
        if found.num_rows:
            at = _places(found, keys, (("message", messages),), stage)
            new.update(at[found["part"].to_numpy() == starts[at + 1] - starts[at]].tolist())
    if not new:
        return contents
    grown = np.asarray(sorted(new), np.int64)
    parts = contents.flatten()
    columns: dict[str, Any] = {"type": "text", "text": "", "media": None}
    arrays = [
        pa.array(np.insert(_objects(parts.field(one.name)), starts[grown + 1], columns[one.name]), one.type)
        for one in PART
    ]
    starts[1:] += np.cumsum(np.isin(np.arange(len(contents)), grown))
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.StructArray.from_arrays(arrays, fields=list(PART)))


def _objects(values: pa.Array) -> NDArray[np.object_]:
    return np.asarray(values.to_pylist(), object)


#: Facts that take the place of what a row says itself.
_OF_ROWS = ("group", "split", "language", "category", "category_by", "pair")


def fold_facts(rows: Sequence[Row], facts: Sequence[pa.Table]) -> list[Row]:
    """``rows``, folded, with what the stages found out of them, stage after stage: turns that are cut are gone, answers
    that are masked are not learnt, and places in texts that were written over are found again."""
    found: dict[str, dict[str, Any]] = {}
    for table in facts:
        told = [
            name for name in (*_OF_ROWS, "masked", "cut_from", "reasoning") if table[name].null_count < table.num_rows
        ]
        if told:
            for values in plain_rows(table.select(["key", *told])):
                _join(found.setdefault(values.pop("key"), {}), values)
    return [_with_facts(placed_again(row), found.get(row.key, {})) for row in rows]


def answers_again(row: Row) -> Row:
    """Its answers as its texts read now: a value is not to hold what was written over, nor a choice that was."""
    read = {one.message: one for one in read_answers(row.messages, ())}
    return replace(row, answers=tuple(_again(one, read.get(one.message)) for one in row.answers))


def _again(before: Answer, now: Answer | None) -> Answer:
    """Choices that no question states stay, which a record has beside it."""
    if now is None:
        return replace(before, form="free", value=None)
    if now.choices or not before.choices:
        correct = now.correct or (before.correct if len(before.choices) == len(now.choices) else ())
        return replace(now, correct=correct)
    return replace(before, form=now.form, value=now.value)


def _join(known: dict[str, Any], values: dict[str, Any]) -> None:
    """A later stage's word counts; masks add up, and the earliest cut holds."""
    for name, value in values.items():
        if value is None:
            continue
        if name == "masked":
            value = [*known.get(name, ()), *value]
        elif name == "cut_from":
            value = min(value, known.get(name, value))
        elif name == "pair":
            value = (value["key"], value["relation"])
        known[name] = value


def _with_facts(row: Row, known: dict[str, Any]) -> Row:
    if not known:
        return row
    row = replace(row, **{name: known[name] for name in _OF_ROWS if name in known})
    masked, end = set(known.get("masked", ())), known.get("cut_from", len(row.messages))
    strip = known.get("reasoning") == "strip"
    if not masked and end == len(row.messages) and not strip:
        return row
    messages = tuple(
        replace(message, train=message.train and index not in masked, reasoning=None if strip else message.reasoning)
        for index, message in enumerate(row.messages[:end])
    )
    regions = tuple(one for one in row.regions if one.message < end)
    return replace(row, messages=messages, regions=regions, answers=tuple(a for a in row.answers if a.message < end))


def placed_again(row: Row) -> Row:
    """Boxes in a text are counted on in it, where it does not read any more as it did when they were found."""
    moved: dict[tuple[int, int], list[int]] = {}
    for place, region in enumerate(row.regions):
        if region.message >= 0:
            moved.setdefault((region.message, region.part), []).append(place)
    regions = list(row.regions)
    for (message, part), places in moved.items():
        text = _text(row.messages, message, part)
        boxes = find_boxes(text)
        if len(boxes) == len(places):
            for place, box in zip(places, boxes, strict=True):
                regions[place] = replace(regions[place], start=box.start, end=box.end)
        else:
            for place in places:
                regions[place] = replace(regions[place], message=-1, part=-1, start=-1, end=-1)
    return replace(row, regions=tuple(regions)) if moved else row


def _text(messages: Sequence[Message], message: int, part: int) -> str:
    found = messages[message].content[part]
    return found.text if isinstance(found, Text) else ""


def _places(
    edits: pa.Table, keys: pa.Array, lists: Sequence[tuple[str, pa.ListArray]], stage: str
) -> NDArray[np.int64]:
    """(E,) the row, or of ``lists`` within rows the item, that each edit is of; raises RunFolderError for one that is
    not there."""
    at = pc.index_in(edits["key"].combine_chunks(), keys).fill_null(-1).to_numpy(zero_copy_only=False)
    for name, items in lists:
        starts = _offsets(items).to_numpy().astype(np.int64)
        within = edits[name].to_numpy().astype(np.int64)
        known = (at >= 0) & (within >= 0) & (within < starts[at + 1] - starts[at])
        at = np.where(known, starts[at] + within, -1)
    if (at < 0).any():
        raise _foreign(stage, edits.slice(int(at.argmin()), 1).to_pylist()[0], "no such part")
    return np.asarray(at, np.int64)


def _write_over(texts: NDArray[np.object_], places: NDArray[np.int64], edits: pa.Table, stage: str) -> None:
    for place, edit in zip(places, plain_rows(edits.select(["key", "message", "part", "text", "before"])), strict=True):
        if texts[place] is None:
            raise _foreign(stage, edit, "that part is no text")
        if text_hash(texts[place]) != edit["before"]:
            raise _foreign(stage, edit, "that part reads otherwise than the text it was written over")
        texts[place] = edit["text"]


def _foreign(stage: str, edit: dict[str, Any], why: str) -> RunFolderError:
    return RunFolderError(
        f"edits of {stage} do not belong to these rows: {edit['key']}, message {edit['message']}, part "
        f"{edit['part']}: {why}. Run {stage} again."
    )


def _offsets(lists: pa.ListArray) -> pa.Array:
    """Of the values as ``flatten`` gives them: from 0, also of a slice; an empty list for a null."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
