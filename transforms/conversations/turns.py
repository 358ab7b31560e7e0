"""Turns as they are found in the wild → messages in one form, and the media that they show, in order.

What cannot be understood raises :class:`UnusableError`, with the reason of its reject.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from transforms.conversations.document import Message, Part, Role, Text
from transforms.conversations.shapes import Turns, UnusableError
from transforms.conversations.shown_media import ShownMedia
from transforms.conversations.tool_calls import calls_text
from transforms.rejects import Reason

#: Who speaks, in the words of the sources → our role, or a call of tools.
_SPEAKERS: dict[str, Role | Literal["call"]] = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "bot": "assistant",
    "function_call": "call", "tool_call": "call",
    "tool": "tool", "observation": "tool", "function": "tool", "tool_response": "tool",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"(<image>|<video>)")
_REFERENCE_KEYS = ("value", "image", "video", "image_url", "video_url", "url", "path")


def read_chat(turns: Turns, media: ShownMedia) -> list[Message]:
    """Each turn as one message; calls of tools as text of the assistant, their results in turns of the role tool."""
    messages: list[Message] = []
    for turn in turns.turns:
        if not isinstance(turn, Mapping) or turns.speaker not in turn:
            raise UnusableError(Reason.MALFORMED_RECORD, f"a turn has no {turns.speaker!r}: {str(turn)[:80]}")
        kind = _SPEAKERS.get(str(turn[turns.speaker]).strip().lower())
        if kind is None:
            raise UnusableError(Reason.UNKNOWN_ROLE, f"{turn[turns.speaker]!r} is not a role we know")
        content = turn.get(turns.content)
        if content is None and kind in ("user", "system"):  # an assistant's may be null beside calls, a result empty
            raise UnusableError(Reason.MALFORMED_RECORD, f"a {kind} turn has no {turns.content!r}")
        if kind == "call":
            messages.append(Message("assistant", (Text(_calls(content)),)))
            continue
        parts = _parts(content, media)
        if kind != "tool" and (calls := turn.get("tool_calls")):
            parts = joined_texts((*parts, Text("\n" if parts else ""), Text(_calls(calls))))
        messages.append(Message(kind, parts))
    return messages


def _calls(content: Any) -> str:
    try:
        return calls_text(content)
    except ValueError as error:
        raise UnusableError(Reason.MALFORMED_RECORD, str(error)) from error


def _parts(content: Any, media: ShownMedia) -> tuple[Part, ...]:
    """Text with placeholders, or a list of parts, or None → parts, neighbouring texts joined."""
    if content is None:
        return ()
    if isinstance(content, str):
        pieces = _PLACEHOLDER.split(content)
        return joined_texts(media.show(p[1:-1]) if _PLACEHOLDER.fullmatch(p) else Text(p) for p in pieces)
    if not isinstance(content, Sequence):
        raise UnusableError(Reason.MALFORMED_RECORD, f"content is {type(content).__name__}, not text or a list")
    parts: list[Part] = []
    for item in content:
        if isinstance(item, str):
            parts.append(Text(item))
            continue
        kind = str(item.get("type", "")) if isinstance(item, Mapping) else ""
        if kind in ("text", "input_text", "output_text"):
            parts.append(Text(_part_text(item)))
        elif kind.startswith(("image", "input_image")):
            parts.append(media.show("image", _reference(item)))
        elif kind.startswith("video"):
            parts.append(media.show("video", _reference(item)))
        else:
            raise UnusableError(Reason.MALFORMED_RECORD, f"a part of type {kind!r} is not text, image or video")
    return joined_texts(parts)


def _part_text(item: Mapping[str, Any]) -> str:
    value = item.get("value") if item.get("text") is None else item["text"]
    if not isinstance(value, str):
        raise UnusableError(Reason.MALFORMED_RECORD, f"the text of a part is {type(value).__name__}, not text")
    return value


def _reference(item: Mapping[str, Any]) -> Any:
    """Where a part's image or video is: the field differs by source, OpenAI nests the URL once more."""
    for key in _REFERENCE_KEYS:
        if (value := item.get(key)) is not None:
            return value.get("url") if isinstance(value, Mapping) else value
    return None


def joined_texts(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Neighbouring texts joined, empty ones left out."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and joined and isinstance(last := joined[-1], Text):
            joined[-1] = Text(last.text + part.text)
        elif not isinstance(part, Text) or part.text:
            joined.append(part)
    return tuple(joined)


def has_text(message: Message) -> bool:
    """Whether a message says anything but white space."""
    return any(isinstance(part, Text) and part.text.strip() for part in message.content)


def check_writable(messages: Iterable[Message], references: Iterable[Any], *more: str) -> None:
    """Lone surrogates (JSON has an escape for each) have no UTF-8: neither a tokenizer nor a file system takes them."""
    texts = (part.text for message in messages for part in message.content if isinstance(part, Text))
    names = (one for one in references if isinstance(one, str))
    for text in (*texts, *names, *more):
        try:
            text.isascii() or text.encode()
        except UnicodeEncodeError as error:
            detail = f"character {error.start} is a lone surrogate, U+{ord(text[error.start]):04X}"
            raise UnusableError(Reason.MALFORMED_RECORD, detail) from error
