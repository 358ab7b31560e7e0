"""Texts of a row, wherever they stand, and personal data in them overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from transforms.conversations.document import Text
from transforms.instruct.chain.outcome import REASONING, TOOLS
from transforms.instruct.rows import Row
from transforms.instruct.safety.personal_data import Found


class Placed(NamedTuple):
    """A text and where it stands, as an edit says it. ``is_code``: all of it is."""

    message: int
    part: int
    text: str
    is_code: bool


def texts_of(row: Row) -> Iterator[Placed]:
    """All that a row says: tools, and of each message what was thought and what was said."""
    if row.tools:
        yield Placed(TOOLS, REASONING, row.tools, is_code=False)
    forms = {answer.message: answer.form for answer in row.answers}
    for index, message in enumerate(row.messages):
        if message.reasoning:
            yield Placed(index, REASONING, message.reasoning, is_code=False)
        for part, said in enumerate(message.content):
            if isinstance(said, Text):
                yield Placed(index, part, said.text, forms.get(index) == "code" and "tool_call" not in said.text)


def masked(text: str, found: Sequence[Found]) -> str:
    """``text`` with the name of its kind in the place of each."""
    pieces, end = [], 0
    for one in found:
        pieces += [text[end : one.start], f"[{one.kind.upper()}]"]
        end = one.end
    return "".join((*pieces, text[end:]))
