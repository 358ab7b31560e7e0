"""One instruction row as an object, to and from the columns of :mod:`transforms.instruct.schema`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_values import bounds_of, plain_values
from transforms.conversations.document import Image, Message, Part, Text, Video
from transforms.instruct.answers.forms import Form
from transforms.instruct.schema import ROWS

MediaKind = Literal["image", "video"]
_Item = TypeVar("_Item")
_ROWS_AT_ONCE = 1_000  # whose plain values are held beside the rows that are made of them


@dataclass(frozen=True, slots=True)
class Medium:
    """An image or a video of a row; sizes, format and hash are None until it was measured."""

    kind: MediaKind
    uri: str | None = None
    member: str | None = None
    offset: int | None = None
    size_bytes: int | None = None
    data: bytes | None = None  # the column bytes
    format: str | None = None
    content_hash: bytes | None = None
    perceptual_hash: bytes | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    licence: str | None = None
    origin_url: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A box in upright pixels of medium ``media``; its place in a text, or -1 where it stands in none."""

    media: int
    kind: Literal["box"]
    xy: tuple[float, ...]
    label: str = ""
    message: int = -1
    part: int = -1
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the answer in turn ``message`` is; ``value`` is None for a form that has none but its text."""

    message: int
    form: Form
    value: str | None
    choices: tuple[str, ...] = ()
    correct: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """``messages`` number images and videos each by kind, in the order in which ``media`` lists them."""

    key: str
    source: str
    messages: tuple[Message, ...]
    source_key: str | None = None
    group: bytes | None = None
    split: str | None = None
    tools: str = ""
    media: tuple[Medium, ...] = ()
    regions: tuple[Region, ...] = ()
    answers: tuple[Answer, ...] = ()
    language: str | None = None
    category: str | None = None
    category_by: str | None = None
    licence_data: str | None = None
    model_terms: tuple[str, ...] = ()
    pair: tuple[str, str] | None = None  # key of the other row, and how they are related
    source_record: str | None = None

    def places_of(self, kind: MediaKind) -> list[int]:
        """Where in ``media`` each image, or each video, stands."""
        return [place for place, medium in enumerate(self.media) if medium.kind == kind]


def to_table(rows: Iterable[Row]) -> pa.Table:
    """Rows → a table of :data:`transforms.instruct.schema.ROWS`."""
    return pa.Table.from_pylist([_values(row) for row in rows], ROWS)


def from_table(table: pa.Table) -> list[Row]:
    """What :func:`to_table` was given."""
    starts = range(0, table.num_rows, _ROWS_AT_ONCE)
    return [row for start in starts for row in _rows(table.slice(start, _ROWS_AT_ONCE))]


_STRUCTS = ("messages", "media", "regions", "answers")
_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in (Row, Medium, Region, Answer)}


def _fields(one: Row | Medium | Region | Answer) -> dict[str, Any]:
    """What ``asdict`` gives, without its copies, which take a third of the time of a table."""
    return {name: getattr(one, name) for name in _NAMES[type(one)]}


def _values(row: Row) -> dict[str, Any]:
    places = {kind: row.places_of(kind) for kind in ("image", "video")}
    values = _fields(row)
    values["messages"] = [
        {
            "role": message.role,
            "content": [_part_values(part, places) for part in message.content],
            "reasoning": message.reasoning,
            "train": message.train,
        }
        for message in row.messages
    ]
    values["media"] = [_renamed(_fields(one), "data", "bytes") for one in row.media]
    for name in ("regions", "answers"):
        values[name] = [_fields(one) for one in getattr(row, name)]
    values["pair"] = None if row.pair is None else dict(zip(("key", "relation"), row.pair, strict=True))
    return values


def _part_values(part: Part, places: dict[str, list[int]]) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text, "media": None}
    kind = "image" if isinstance(part, Image) else "video"
    return {"type": kind, "text": None, "media": places[kind][part.index]}


def _renamed(values: dict[str, Any], name: str, other: str) -> dict[str, Any]:
    return {other if key == name else key: value for key, value in values.items()}


def _rows(table: pa.Table) -> list[Row]:
    """Column by column: a dictionary of each struct on the way would take twice the time."""
    columns: dict[str, Sequence[Any]] = {
        name: plain_values(table[name]) for name in table.column_names if name not in _STRUCTS
    }
    columns["media"] = media = _tuples(table["media"], _media)
    columns["messages"] = _messages(table["messages"].combine_chunks(), media)
    columns["regions"] = _tuples(table["regions"], _regions)
    columns["answers"] = _tuples(table["answers"], _answers)
    columns["model_terms"] = list(map(tuple, columns["model_terms"]))
    columns["pair"] = [None if one is None else (one["key"], one["relation"]) for one in columns["pair"]]
    return [Row(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)]


def _tuples(column: pa.ChunkedArray, made: Callable[[pa.StructArray], list[_Item]]) -> list[tuple[_Item, ...]]:
    """The items of each list, which ``made`` makes of all of them."""
    lists = column.combine_chunks()
    return _cut(made(lists.flatten()), lists)


def _cut(items: list[_Item], lists: pa.ListArray) -> list[tuple[_Item, ...]]:
    return [tuple(items[first:end]) for first, end in bounds_of(lists)]


def _media(flat: pa.StructArray) -> list[Medium]:
    names = ("bytes" if name == "data" else name for name in _NAMES[Medium])
    return list(map(Medium, *(plain_values(flat.field(name)) for name in names)))


def _regions(flat: pa.StructArray) -> list[Region]:
    media, kinds, places, *others = (plain_values(flat.field(name)) for name in _NAMES[Region])
    return list(map(Region, media, kinds, map(tuple, places), *others))


def _answers(flat: pa.StructArray) -> list[Answer]:
    messages, forms, values, choices, correct = (plain_values(flat.field(name)) for name in _NAMES[Answer])
    return list(map(Answer, messages, forms, values, map(tuple, choices), map(tuple, correct)))


def _messages(lists: pa.ListArray, media: Sequence[tuple[Medium, ...]]) -> list[tuple[Message, ...]]:
    """``media``: (N,) those of each row."""
    messages = lists.flatten()
    contents = messages.field("content")
    parts = contents.flatten()
    found: list[Part] = list(map(Text, plain_values(parts.field("text"))))
    others = np.flatnonzero(pc.not_equal(parts.field("type"), "text").to_numpy(zero_copy_only=False))
    message_of = np.repeat(np.arange(len(contents)), contents.value_lengths().to_numpy(zero_copy_only=False))
    row_of = np.repeat(np.arange(len(lists)), lists.value_lengths().to_numpy(zero_copy_only=False))
    shown = parts.take(pa.array(others))
    kinds, places = plain_values(shown.field("type")), plain_values(shown.field("media"))
    for at, row, kind, place in zip(others.tolist(), row_of[message_of[others]].tolist(), kinds, places, strict=True):
        before = sum(one.kind == kind for one in media[row][:place])  # of its kind
        found[at] = Image(before) if kind == "image" else Video(before)
    roles, trained, thoughts = (plain_values(messages.field(name)) for name in ("role", "train", "reasoning"))
    return _cut(list(map(Message, roles, _cut(found, contents), trained, thoughts)), lists)
