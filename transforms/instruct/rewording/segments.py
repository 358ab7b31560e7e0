"""The texts of a row that a model may write anew, and the rows that none may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from transforms.conversations.document import Text
from transforms.instruct.chain.outcome import REASONING
from transforms.instruct.rewording.checks import has_words
from transforms.instruct.rewording.sentinels import Shielded, shield
from transforms.instruct.rows import Row

#: Of answers that are the same in every language.
_NO_LANGUAGE = ("letter", "number", "box", "formula", "code")
#: What is read off a picture stands in whatever language it stands in.
_ASKS_TO_READ = re.compile(
    r"transcri|\bocr\b|\bread (?:the|all|out|what)\b|what (?:does|do) .{0,40}\bsay\b|\bwritten\b|what (?:word|text)s?\b"
    r"|文字|文本|读出|抄写|写着|写了什么|识别",
    re.IGNORECASE,
)


class Segment(NamedTuple):
    """A text, where it stands as an edit says it, and what is sent of it."""

    message: int
    part: int
    text: str
    shielded: Shielded


def questions(row: Row) -> Iterator[Segment]:
    """What a person said."""
    for index, message in enumerate(row.messages):
        if message.role == "user":
            yield from _segments(row, index)


def whole(row: Row) -> list[Segment]:
    """All that was said, thought and answered in words; answers that are read off a picture or say no words are left as
    they are."""
    forms = {answer.message: answer.form for answer in row.answers}
    asked, found = "", []
    for index, message in enumerate(row.messages):
        if message.role == "user":
            asked = "".join(part.text for part in message.content if isinstance(part, Text))
        if message.reasoning and has_words((shielded := shield(message.reasoning)).bare):
            found.append(Segment(index, REASONING, message.reasoning, shielded))
        is_answer = message.role == "assistant"
        if is_answer and (forms.get(index) in _NO_LANGUAGE or (row.media and _ASKS_TO_READ.search(asked))):
            continue
        found += _segments(row, index)
    return found


def is_of_one_language(row: Row) -> bool:
    """Whether a row may be put into another: calls of tools are not translated."""
    return not row.tools and all(message.role != "tool" for message in row.messages)


def _segments(row: Row, index: int) -> Iterator[Segment]:
    for part, said in enumerate(row.messages[index].content):
        if isinstance(said, Text):
            shielded = shield(said.text)
            if has_words(shielded.bare):
                yield Segment(index, part, said.text, shielded)
