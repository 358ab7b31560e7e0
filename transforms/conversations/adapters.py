"""Records as they are found in the wild → conversations in one form. Nothing is lost, or the record is a reject.

Shapes read, with examples of where they come from:

- pair: a balanced shard's image and caption; the user turn is the image alone (as LLaVA-OneVision-1.5 mid-training).
- messages: ``role`` and ``content``; content is text with ``<image>`` and ``<video>`` placeholders (LLaMA-Factory), or
  a list of parts (OpenAI, Qwen). OpenAI's ``tool_calls`` and the role ``tool`` are understood.
- conversations: ``from`` and ``value`` (ShareGPT, LLaVA), with ``function_call``, ``observation`` and ``tools``.
- alpaca: ``instruction``, ``input``, ``output``, ``system``, ``history``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transforms.conversations.document import (
    DEFAULT_SYSTEM_PROMPT,
    Document,
    Image,
    ImageSize,
    Message,
    Part,
    Role,
    Text,
    Video,
    VideoSize,
)
from transforms.conversations.shapes import Shape, Turns, UnusableError, shape_of, text_field
from transforms.conversations.tool_calls import RESULT_CLOSE, RESULT_OPEN, calls_text, tools_text
from transforms.rejects import Reason, Reject

#: Who speaks, in the words of the sources → our role, or one of the two kinds of turn about tools.
_SPEAKERS = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "bot": "assistant",
    "function_call": "call", "tool_call": "call",
    "tool": "result", "observation": "result", "function": "result", "tool_response": "result",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"(<image>|<video>)")
_REFERENCE_KEYS = ("value", "image", "video", "image_url", "video_url", "url", "path")


@dataclass(frozen=True)
class Conversation:
    """Turns in one form, and the media they show as the record refers to them: a path, a URL, a member's name."""

    messages: tuple[Message, ...]
    images: tuple[Any, ...] = ()
    videos: tuple[Any, ...] = ()


def of_pair(key: str, caption: str, image: Any = None) -> Conversation | Reject:
    """An image and its caption: the user shows, the assistant describes."""
    if not caption.strip():
        return Reject(key, Reason.MISSING_CAPTION, "the caption is empty")
    return Conversation((Message("user", (Image(0),)), Message("assistant", (Text(caption),))), (image,))


def of_record(key: str, record: Mapping[str, Any]) -> Conversation | Reject:
    """A record of any of the other shapes (:data:`transforms.conversations.shapes.SHAPES`), told by its fields."""
    try:
        media = _Media(_listed(record, "image"), _listed(record, "video"))
        shape = shape_of(record)
        messages = _with_tools(_chat(shape.turns(record), media), shape, record)
        media.check_all_shown()
        if not any(message.role == "assistant" and _has_text(message) for message in messages):
            raise UnusableError(Reason.NO_ANSWER, f"none of the {len(messages)} turns is an answer with text")
        _check_writable(messages, media)
    except UnusableError as unusable:
        return Reject(key, unusable.reason, unusable.detail)
    return Conversation(tuple(messages), tuple(media.shown_images), tuple(media.shown_videos))


def to_document(
    key: str,
    source: str,
    conversation: Conversation,
    image_sizes: Sequence[ImageSize | None] = (),
    video_sizes: Sequence[VideoSize | None] = (),
) -> Document | Reject:
    """Join a conversation and the sizes of what it shows, in its order; None stands for media that was not found."""
    for reason, references, sizes in (
        (Reason.MISSING_IMAGE, conversation.images, image_sizes),
        (Reason.MISSING_VIDEO, conversation.videos, video_sizes),
    ):
        if len(references) != len(sizes):
            raise ValueError(f"{key}: {len(references)} references, but {len(sizes)} sizes")
        missing = [str(reference) for reference, size in zip(references, sizes, strict=True) if size is None]
        if missing:
            return Reject(key, reason, "not found: " + ", ".join(missing)[:500])
    images = tuple(ImageSize(*size) for size in image_sizes if size is not None)
    videos = tuple(VideoSize(*size) for size in video_sizes if size is not None)
    return Document(key, source, conversation.messages, images, videos)


def size_mismatch(document: Document, index: int, found: ImageSize) -> Reject | None:
    """A reject when image ``index``, once opened, is not of the size the document was planned with."""
    stated = document.images[index]
    if stated == found:
        return None
    detail = f"image {index} is {found.width}x{found.height} pixels, stated as {stated.width}x{stated.height}"
    return Reject(document.key, Reason.SIZE_MISMATCH, detail)


@dataclass
class _Media:
    """Hands out the record's media in the order in which the turns show them."""

    images: list[Any]
    videos: list[Any]
    shown_images: list[Any] = field(default_factory=list)
    shown_videos: list[Any] = field(default_factory=list)

    def show(self, kind: str, reference: Any = None) -> Part:
        """The next part of ``kind``; without a reference of its own it takes the record's next one."""
        waiting, shown = (self.images, self.shown_images) if kind == "image" else (self.videos, self.shown_videos)
        if reference is None:
            if not waiting:
                reason = Reason.MISSING_IMAGE if kind == "image" else Reason.MISSING_VIDEO
                raise UnusableError(reason, f"the turns show {kind} {len(shown) + 1}, the record holds fewer")
            reference = waiting.pop(0)
        shown.append(reference)
        return Image(len(shown) - 1) if kind == "image" else Video(len(shown) - 1)

    def check_all_shown(self) -> None:
        if self.images or self.videos:
            detail = f"{len(self.images)} image(s) and {len(self.videos)} video(s) have no place in the turns"
            raise UnusableError(Reason.UNPLACED_MEDIA, detail)


def _listed(record: Mapping[str, Any], kind: str) -> list[Any]:
    """The record's own list of media: ``images`` or ``image``, a list or a single reference."""
    value = record.get(kind + "s", record.get(kind))
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _chat(found: Turns, media: _Media) -> list[Message]:
    turns, speaker_key, content_key = found
    messages: list[Message] = []
    results_open = False  # results of one round of calls share a user turn
    for turn in turns:
        if not isinstance(turn, Mapping) or speaker_key not in turn:
            raise UnusableError(Reason.MALFORMED_RECORD, f"a turn has no {speaker_key!r}: {str(turn)[:80]}")
        kind = _SPEAKERS.get(str(turn[speaker_key]).strip().lower())
        if kind is None:
            raise UnusableError(Reason.UNKNOWN_ROLE, f"{turn[speaker_key]!r} is not a role we know")
        content = turn.get(content_key)
        if content is None and kind in ("user", "system"):  # an assistant's may be null beside calls, a result empty
            raise UnusableError(Reason.MALFORMED_RECORD, f"a {kind} turn has no {content_key!r}")
        if kind == "call":
            messages.append(Message("assistant", (Text(_calls(content)),)))
        elif kind == "result":
            parts = _result_parts(content, media)
            if results_open:
                parts = _joined((*messages.pop().content, Text("\n"), *parts))
            messages.append(Message("user", parts))
        else:
            parts = _parts(content, media)
            if calls := turn.get("tool_calls"):
                parts = _joined((*parts, Text("\n" if parts else ""), Text(_calls(calls))))
            messages.append(Message(_role(kind), parts))
        results_open = kind == "result"
    return messages


def _role(kind: str) -> Role:
    return "system" if kind == "system" else "user" if kind == "user" else "assistant"


def _calls(content: Any) -> str:
    try:
        return calls_text(content)
    except ValueError as error:
        raise UnusableError(Reason.MALFORMED_RECORD, str(error)) from error


def _result_parts(content: Any, media: _Media) -> tuple[Part, ...]:
    return _joined((Text(RESULT_OPEN), *_parts(content, media), Text(RESULT_CLOSE)))


def _parts(content: Any, media: _Media) -> tuple[Part, ...]:
    """Text with placeholders, or a list of parts, or None → parts, neighbouring texts joined."""
    if content is None:
        return ()
    if isinstance(content, str):
        pieces = _PLACEHOLDER.split(content)
        return _joined(media.show(p[1:-1]) if _PLACEHOLDER.fullmatch(p) else Text(p) for p in pieces)
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
    return _joined(parts)


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


def _joined(parts: Any) -> tuple[Part, ...]:
    """Neighbouring texts joined, empty ones left out."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and joined and isinstance(last := joined[-1], Text):
            joined[-1] = Text(last.text + part.text)
        elif not isinstance(part, Text) or part.text:
            joined.append(part)
    return tuple(joined)


def _with_tools(messages: list[Message], shape: Shape, record: Mapping[str, Any]) -> list[Message]:
    """Tool definitions follow the system prompt; ShareGPT also keeps that prompt beside the turns."""
    system = text_field(record, "system") if shape.has_system else None
    if system and not (messages and messages[0].role == "system"):
        messages = [Message("system", (Text(system),)), *messages]
    try:
        definitions = tools_text(record.get("tools"))
    except ValueError as error:
        raise UnusableError(Reason.MALFORMED_RECORD, str(error)) from error
    if not definitions:
        return messages
    if not (messages and messages[0].role == "system"):
        messages = [Message("system", (Text(DEFAULT_SYSTEM_PROMPT),)), *messages]
    return [Message("system", _joined((*messages[0].content, Text(definitions)))), *messages[1:]]


def _check_writable(messages: Sequence[Message], media: _Media) -> None:
    """Lone surrogates (JSON has an escape for each) have no UTF-8: neither a tokenizer nor a file system takes them."""
    texts = (part.text for message in messages for part in message.content if isinstance(part, Text))
    names = (one for one in (*media.shown_images, *media.shown_videos) if isinstance(one, str))
    for text in (*texts, *names):
        try:
            text.isascii() or text.encode()
        except UnicodeEncodeError as error:
            detail = f"character {error.start} is a lone surrogate, U+{ord(text[error.start]):04X}"
            raise UnusableError(Reason.MALFORMED_RECORD, detail) from error


def _has_text(message: Message) -> bool:
    return any(isinstance(part, Text) and part.text.strip() for part in message.content)
