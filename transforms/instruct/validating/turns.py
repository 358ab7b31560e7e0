"""Turns that do not follow one another, and turns that say nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transforms.conversations.document import Message, Role, Text
from transforms.conversations.turns import has_text
from transforms.instruct.rows import Row
from transforms.instruct.validating.findings import Finding, text_of
from transforms.rejects import Reason

#: Who may speak after whom; None is the beginning. A system turn is only ever first.
_FOLLOWS: dict[Role | None, tuple[Role, ...]] = {
    None: ("system", "user"),
    "system": ("user",),
    "user": ("assistant",),
    "assistant": ("user", "tool"),
    "tool": ("tool", "assistant", "user"),
}


def out_of_order(messages: Sequence[Message]) -> int | None:
    """The first turn that is not where it should be."""
    before: Role | None = None
    for index, message in enumerate(messages):
        if message.role not in _FOLLOWS[before]:
            return index
        before = message.role
    return None


def empty_turns(row: Row) -> Iterator[Finding]:
    """Answers without a word, thought or call; questions without words. Media alone ask for what they show, but for a
    turn that has spaces in the place of a question."""
    for index, message in enumerate(row.messages):
        if has_text(message) or message.role in ("system", "tool"):
            continue
        if message.role == "assistant":
            if not message.train:
                continue
            yield Finding(index, Reason.EMPTY_TURN, "the answer is empty")
        elif all(isinstance(part, Text) for part in message.content) or text_of(message).strip("\r\n"):
            yield Finding(index, Reason.EMPTY_TURN, "the question is empty")
