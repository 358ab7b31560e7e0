"""What a check looks at, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from transforms.conversations.document import Message, Text
from transforms.instruct.rows import Answer, Row
from transforms.rejects import Reason


class Finding(NamedTuple):
    """``message`` is bad: an answer is not to be learnt; after a question, what answers it is not."""

    message: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answer that is learnt, and what it answers: all that was said to the assistant since it spoke last."""

    message: int
    first: int  # message that it begins with
    question: str
    text: str
    reasoning: str
    answer: Answer | None
    shows: bool  # media, anywhere before it


def text_of(message: Message) -> str:
    """All that a turn says, one part behind another."""
    content = message.content
    if len(content) == 1 and isinstance(content[0], Text):
        return content[0].text
    return "".join(part.text for part in content if isinstance(part, Text))


def exchanges(row: Row) -> Iterator[Exchange]:
    """Of each answer that is learnt."""
    answers = {answer.message: answer for answer in row.answers}
    first, question, shows = 0, "", False
    for index, message in enumerate(row.messages):
        shows = shows or any(not isinstance(part, Text) for part in message.content)
        if message.role == "assistant":
            if message.train:
                answer = answers.get(index)
                yield Exchange(index, first, question, text_of(message), message.reasoning or "", answer, shows)
            first, question = index + 1, ""
        elif message.role == "user":
            question += text_of(message)


def shown(text: str) -> str:
    """The beginning of a text, for a detail."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
