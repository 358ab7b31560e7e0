"""Records as they are found in the wild → conversations in one form. Nothing is lost, or the record is a reject.

Shapes read, with examples of where they come from:

- pair: a balanced shard's image and caption; the user turn is the image alone (as LLaVA-OneVision-1.5 mid-training).
- messages: ``role`` and ``content``; content is text with ``<image>`` and ``<video>`` placeholders (LLaMA-Factory), or
  a list of parts (OpenAI, Qwen). OpenAI's ``tool_calls`` and the role ``tool`` are understood.
- conversations: ``from`` and ``value`` (ShareGPT, LLaVA), with ``function_call``, ``observation`` and ``tools``.
- alpaca: ``instruction``, ``input``, ``output``, ``system``, ``history``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.conversations.document import (
    Document,
    Image,
    ImageSize,
    Message,
    Text,
    VideoSize,
)
from transforms.conversations.folding import fold
from transforms.conversations.shapes import Turns, UnusableError, shape_of, text_field
from transforms.conversations.shown_media import ShownMedia, listed
from transforms.conversations.tool_calls import tools_text
from transforms.conversations.turns import check_writable, has_text, read_chat
from transforms.rejects import Reason, Reject


@dataclass(frozen=True)
class Conversation:
    """Turns in one form, and the media they show as the record refers to them: a path, a URL, a member's name.

    ``tools`` is JSON text of the definitions, empty without any; they are folded into the turns by
    :func:`to_document`, and so are the results of tools and what an assistant thought before it answered.
    """

    messages: tuple[Message, ...]
    images: tuple[Any, ...] = ()
    videos: tuple[Any, ...] = ()
    tools: str = ""


def of_pair(key: str, caption: str, image: Any = None) -> Conversation | Reject:
    """An image and its caption: the user shows, the assistant describes."""
    if not caption.strip():
        return Reject(key, Reason.MISSING_CAPTION, "the caption is empty")
    return Conversation((Message("user", (Image(0),)), Message("assistant", (Text(caption),))), (image,))


def of_record(key: str, record: Mapping[str, Any]) -> Conversation | Reject:
    """A record of any of the other shapes (:data:`transforms.conversations.shapes.SHAPES`), told by its fields."""
    try:
        shape = shape_of(record)
        return conversation_of(record, shape.turns(record), has_system=shape.has_system)
    except UnusableError as unusable:
        return Reject(key, unusable.reason, unusable.detail)


def conversation_of(
    record: Mapping[str, Any], turns: Turns, *, has_system: bool = False, place_media: bool = False
) -> Conversation:
    """``turns`` with the media, the tools and, with ``has_system``, the system prompt that stand beside them.

    ``place_media``: media that no turn shows stand before the first question. Raises UnusableError for what cannot be
    understood.
    """
    media = ShownMedia(listed(record, "image"), listed(record, "video"))
    messages = read_chat(turns, media)
    system = text_field(record, "system") if has_system else ""
    if system and not (messages and messages[0].role == "system"):
        messages = [Message("system", (Text(system),)), *messages]
    try:
        definitions = tools_text(tools := record.get("tools"))
    except ValueError as error:
        raise UnusableError(Reason.MALFORMED_RECORD, str(error)) from error
    if place_media:
        messages = media.place_before_first_question(messages)
    media.check_all_shown()
    if not any(message.role == "assistant" and has_text(message) for message in messages):
        raise UnusableError(Reason.NO_ANSWER, f"none of the {len(messages)} turns is an answer with text")
    check_writable(messages, (*media.shown_images, *media.shown_videos), definitions)
    tools_json = ""
    if definitions:
        tools_json = tools if isinstance(tools, str) else json.dumps(tools, ensure_ascii=False)
    return Conversation(tuple(messages), tuple(media.shown_images), tuple(media.shown_videos), tools_json)


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
    return Document(key, source, fold(conversation.messages, conversation.tools), images, videos)


def size_mismatch(document: Document, index: int, found: ImageSize) -> Reject | None:
    """A reject when image ``index``, once opened, is not of the size the document was planned with."""
    stated = document.images[index]
    if stated == found:
        return None
    detail = f"image {index} is {found.width}x{found.height} pixels, stated as {stated.width}x{stated.height}"
    return Reject(document.key, Reason.SIZE_MISMATCH, detail)
