"""What a stage has to say of the rows of one part: new texts, facts, and rows that are not to go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from transforms.conversations.document import Text
from transforms.instruct.folding import text_hash
from transforms.instruct.rows import Row
from transforms.instruct.schema import EDITS, FACTS, KEPT
from transforms.rejects import Reject

#: Of an edit, in the place of a part and of a message.
REASONING = -1
TOOLS = -1

Origin = Literal["normalised", "masked", "rewritten", "translated", "captioned", "template"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A text written over part ``part`` of message ``message``; ``before`` is the hash of what stood there.

    The part behind a message's last is a text that is yet to be: ``before`` is the hash of none.
    Part :data:`REASONING` is what was thought before the message, and message :data:`TOOLS` with it the row's tools.
    """

    key: str
    message: int
    part: int
    text: str
    before: bytes
    origin: Origin
    by: str = ""
    prompt: bytes | None = None
    request: bytes | None = None
    verdict: str = KEPT


def edit(row: Row, message: int, part: int, text: str, origin: Origin, by: str = "") -> Edit:
    """``text`` over what the row reads there now."""
    return Edit(row.key, message, part, text, text_hash(text_at(row, message, part)), origin, by)


def text_at(row: Row, message: int, part: int) -> str:
    """What the row reads there; raises TypeError where there is no text."""
    if message == TOOLS:
        return row.tools
    if part == REASONING:
        thought = row.messages[message].reasoning
        if thought is None:
            raise TypeError(f"{row.key}: nothing was thought before message {message}")
        return thought
    content = row.messages[message].content
    if part == len(content):
        return ""  # an edit of it writes a text behind the others
    found = content[part]
    if not isinstance(found, Text):
        raise TypeError(f"{row.key}: part {part} of message {message} is no text")
    return found.text


class SafetyFinding(NamedTuple):
    """``kind``: what was found (``email``, ``blocked_word``); ``score`` where a model gave one; ``action``: what was
    done (``masked``, ``dropped``, ``marked``)."""

    kind: str
    score: float | None
    action: str


class Rating(NamedTuple):
    message: int
    axis: str
    score: float
    by: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What a stage found out of one row; None and () say nothing.

    ``masked``: answers that are not to be learnt. ``cut_from``: the first message that is not to be shown any more, nor
    any after it. ``reasoning``: strip, where what was thought before answers is not to be shown. ``group``: 16 bytes,
    alike for rows that belong to one half of a split. ``pair``: key of the other row, and how they are related.
    """

    key: str
    masked: tuple[int, ...] = ()
    cut_from: int | None = None
    reasoning: Literal["keep", "strip"] | None = None
    group: bytes | None = None
    split: str | None = None
    language: str | None = None
    category: str | None = None
    category_by: str | None = None
    pair: tuple[str, str] | None = None
    ratings: tuple[Rating, ...] = ()
    safety: tuple[SafetyFinding, ...] = ()
    conflicts: tuple[str, ...] = ()
    num_tokens: int | None = None
    loss_tokens: int | None = None
    vision_patches: int | None = None


@dataclass
class Outcome:
    """Of one part. Rows that are neither rejected nor have a fact go on as they are. ``joined`` stand in place of the
    rows of their keys. ``made``: rows that are new, by stages that make some; edits, facts and rejects may be of them
    too."""

    edits: list[Edit] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    joined: list[Row] = field(default_factory=list)
    made: list[Row] = field(default_factory=list)


def edits_table(edits: Iterable[Edit]) -> pa.Table:
    return pa.Table.from_pylist([asdict(one) for one in edits], EDITS)


def facts_table(keys: Sequence[str], facts: Iterable[Fact]) -> pa.Table:
    """One row for each of ``keys``, in their order; raises ValueError for a fact of none of them, or a second one."""
    by_key: dict[str, Fact] = {}
    for fact in facts:
        if fact.key in by_key:
            raise ValueError(f"two facts of {fact.key}")
        by_key[fact.key] = fact
    if foreign := by_key.keys() - set(keys):
        raise ValueError(f"facts of rows that do not go on: {sorted(foreign)[:3]}")
    values = {key: _values(fact) for key, fact in by_key.items()}
    nothing: dict[str, Any] = {}
    rows = [values.get(key, nothing) for key in keys]
    columns = [pa.array(keys, pa.string())]
    for field_ in list(FACTS)[1:]:
        told = any(field_.name in one for one in values.values())
        column = [row.get(field_.name) for row in rows] if told else None
        columns.append(pa.nulls(len(keys), field_.type) if column is None else pa.array(column, field_.type))
    return pa.Table.from_arrays(columns, schema=FACTS)


def _values(fact: Fact) -> dict[str, Any]:
    """What it says: neither None nor ()."""
    values = {name: value for name in _SAID if (value := getattr(fact, name)) not in (None, (), [])}
    for name in ("ratings", "safety"):
        if name in values:
            values[name] = [one._asdict() for one in values[name]]
    if fact.pair is not None:
        values["pair"] = dict(zip(("key", "relation"), fact.pair, strict=True))
    return values


_SAID = tuple(one.name for one in fields(Fact) if one.name != "key")
