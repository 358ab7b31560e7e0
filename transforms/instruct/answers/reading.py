"""The answers of a conversation: each that an assistant gives, parsed beside the question that it follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from transforms.conversations.document import Message, Text
from transforms.conversations.turns import has_text
from transforms.instruct.adapters.base import StatedAnswer
from transforms.instruct.answers.choices import find_choices
from transforms.instruct.answers.forms import parse_answer
from transforms.instruct.rows import Answer

#: DeepSeek-R1 and Qwen3 write what they think before they answer.
_THOUGHT = re.compile(r"\s*<think>(.*?)</think>\s*", re.DOTALL)


def part_reasoning(message: Message) -> Message:
    """A thought that opens an answer, apart from it; a turn that holds one already is left as it is."""
    first = message.content[0] if message.content else None
    if message.role != "assistant" or message.reasoning is not None or not isinstance(first, Text):
        return message
    if not (thought := _THOUGHT.match(first.text)):
        return message
    rest = first.text[thought.end() :]
    content = (*((Text(rest),) if rest else ()), *message.content[1:])
    return replace(message, content=content, reasoning=thought[1].strip("\n"))


def read_answers(messages: Sequence[Message], stated: Sequence[StatedAnswer]) -> tuple[Answer, ...]:
    """One for each turn of the assistant with text; what the record itself says of choices counts more than the text
    of the question does."""
    by_message = {one.message: one for one in stated}
    question = ""
    answers = []
    for index, message in enumerate(messages):
        if message.role == "user":
            question = _text(message)
        elif message.role == "assistant" and has_text(message):
            known = by_message.get(index)
            offered = find_choices(question)
            parsed = parse_answer(_text(message), offered)
            choices, correct = (known.choices, known.correct) if known else (offered, parsed.correct)
            answers.append(Answer(index, parsed.form, parsed.value, choices, correct))
    return tuple(answers)


def _text(message: Message) -> str:
    return "".join(part.text for part in message.content if isinstance(part, Text))
