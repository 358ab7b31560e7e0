"""Rows of a few words, for the tests of what stages make of texts."""

from __future__ import annotations

from transforms.conversations.document import Image, Message, Role, Text
from transforms.instruct.answers.reading import part_reasoning, read_answers
from transforms.instruct.rows import Medium, Row

_ROLES: dict[str, Role] = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}


def row(*turns: str | Message, media: tuple[Medium, ...] = (), key: str = "s/p/0", tools: str = "") -> Row:
    """Of turns such as ``u:What?`` and ``a:A cat.``; an ``<image>`` in one shows the next of the media."""
    shown = iter(range(len(media)))
    messages = tuple(turn if isinstance(turn, Message) else _message(turn, shown) for turn in turns)
    messages = tuple(part_reasoning(message) for message in messages)
    source = key.partition("/")[0]
    return Row(key, source, messages, media=media, answers=read_answers(messages, ()), tools=tools)


def _message(turn: str, shown: object) -> Message:
    role, _, said = turn.partition(":")
    before, image, after = said.partition("<image>")
    content = (Text(before), *((Image(next(shown)), Text(after)) if image else ()))  # type: ignore[call-overload]
    return Message(_ROLES[role], tuple(part for part in content if not isinstance(part, Text) or part.text))
