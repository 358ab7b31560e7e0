"""One instruction row as an object, to and from the columns of :mod:`transforms.instruct.schema`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal

import pyarrow as pa

from transforms.arrow_values import plain_rows
from transforms.conversations.document import Image, Message, Part, Text, Video
from transforms.instruct.answers.forms import Form
from transforms.instruct.schema import ROWS

MediaKind = Literal["image", "video"]
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
    return [_row(values) for start in starts for values in plain_rows(table.slice(start, _ROWS_AT_ONCE))]


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


def _row(values: dict[str, Any]) -> Row:
    media = tuple(Medium(**_renamed(medium, "bytes", "data")) for medium in values["media"])
    places = {kind: [place for place, one in enumerate(media) if one.kind == kind] for kind in ("image", "video")}
    return Row(
        **{
            **values,
            "messages": tuple(_message(message, places) for message in values["messages"]),
            "media": media,
            "regions": tuple(Region(**{**one, "xy": tuple(one["xy"])}) for one in values["regions"]),
            "answers": tuple(
                Answer(**{**one, "choices": tuple(one["choices"]), "correct": tuple(one["correct"])})
                for one in values["answers"]
            ),
            "model_terms": tuple(values["model_terms"]),
            "pair": None if values["pair"] is None else (values["pair"]["key"], values["pair"]["relation"]),
        }
    )


def _message(values: dict[str, Any], places: dict[str, list[int]]) -> Message:
    content = tuple(_part(part, places) for part in values["content"])
    return Message(values["role"], content, values["train"], values["reasoning"])


def _part(values: dict[str, Any], places: dict[str, list[int]]) -> Part:
    match values["type"]:
        case "text":
            return Text(values["text"])
        case "image":
            return Image(places["image"].index(values["media"]))
        case _:
            return Video(places["video"].index(values["media"]))
