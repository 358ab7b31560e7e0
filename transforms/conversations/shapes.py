"""The shapes that records have in the wild, each told by its fields, and how its turns are found.

A shape is one object; whoever reads records takes them from :data:`SHAPES`. What all shapes share, who speaks, text
with its media, and tools, is read in :mod:`transforms.conversations.adapters`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from transforms.rejects import Reason

Record = Mapping[str, Any]


class UnusableError(Exception):
    """A record that becomes a reject."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Turns(NamedTuple):
    """The turns of a record as they stand there, and the fields in which a turn says who speaks, and what."""

    turns: Sequence[Any]
    speaker: str
    content: str


@dataclass(frozen=True)
class Shape:
    """``is_of`` tells a record of the shape by its fields; ``turns`` finds its turns, or raises UnusableError.

    ``told_by`` names these fields, for who has a record of no shape. Where ``has_system``, a field ``system`` may stand
    beside the turns and is their first.
    """

    name: str
    told_by: str
    is_of: Callable[[Record], bool]
    turns: Callable[[Record], Turns]
    has_system: bool = True


def is_list(value: object) -> bool:
    """Whether a field holds turns: text is a sequence too."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def text_field(record: Record, name: str) -> str:
    """Empty where it is absent or null; raises UnusableError for anything but text."""
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise UnusableError(Reason.MALFORMED_RECORD, f"{name} is {type(value).__name__}, not text")
    return value or ""


def shape_of(record: Record) -> Shape:
    """The first shape that the record is of; raises UnusableError where it is of none."""
    for shape in SHAPES:
        if shape.is_of(record):
            return shape
    raise UnusableError(
        Reason.MALFORMED_RECORD,
        f"expected {', or '.join(shape.told_by for shape in SHAPES)}; found the fields "
        + ", ".join(sorted(map(str, record)))[:200],
    )


def _alpaca_turns(record: Record) -> Turns:
    turns: list[dict[str, Any]] = []
    if record.get("system"):
        turns.append({"role": "system", "content": record["system"]})
    history = record.get("history") or []
    if not isinstance(history, (list, tuple)):
        raise UnusableError(Reason.MALFORMED_RECORD, f"history is {type(history).__name__}, not a list")
    for exchange in history:
        if not isinstance(exchange, (list, tuple)) or len(exchange) != 2:
            raise UnusableError(Reason.MALFORMED_RECORD, "history must hold pairs of question and answer")
        turns += [{"role": "user", "content": exchange[0]}, {"role": "assistant", "content": exchange[1]}]
    question = "\n".join(part for name in ("instruction", "input") if (part := text_field(record, name)))
    turns += [{"role": "user", "content": question}, {"role": "assistant", "content": record["output"]}]
    return Turns(turns, "role", "content")


MESSAGES = Shape(
    "messages",
    told_by="a list 'messages'",
    is_of=lambda record: is_list(record.get("messages")),
    turns=lambda record: Turns(record["messages"], "role", "content"),
)
CONVERSATIONS = Shape(
    "conversations",
    told_by="a list 'conversations'",
    is_of=lambda record: is_list(record.get("conversations")),
    turns=lambda record: Turns(record["conversations"], "from", "value"),
)
ALPACA = Shape(
    "alpaca",
    told_by="'instruction' with 'output'",
    is_of=lambda record: "instruction" in record and "output" in record,
    turns=_alpaca_turns,
    has_system=False,  # its own turns begin with it
)

#: In the order in which a record is held against them.
SHAPES = (MESSAGES, CONVERSATIONS, ALPACA)
