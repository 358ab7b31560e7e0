"""The one form of a training document: chat turns made of text, images and videos, and the sizes of the latter.

A document is what is packed: it is never cut (but see
:mod:`transforms.packing.documents.splitting`) and its tokens attend to each other only.
Sizes suffice to know its exact length; pixels stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

#: ``tool``: what a tool answered. Documents hold it folded into a user turn (:mod:`transforms.conversations.folding`).
Role = Literal["system", "user", "assistant", "tool"]

#: What Qwen2.5-VL's chat template says where a document has no system turn of its own.
DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant."

#: The special tokens of ChatML and of Qwen2.5-VL's vision placeholders, and their ids in the published tokenizer.
SPECIAL_TOKENS = {
    "<|endoftext|>": 151643,
    "<|im_start|>": 151644,
    "<|im_end|>": 151645,
    "<|vision_start|>": 151652,
    "<|vision_end|>": 151653,
    "<|vision_pad|>": 151654,
    "<|image_pad|>": 151655,
    "<|video_pad|>": 151656,
}


class ImageSize(NamedTuple):
    """Pixels as stored, after EXIF orientation."""

    width: int
    height: int


class VideoSize(NamedTuple):
    """``frames`` counts the frames that will be shown to the model, not those in the file."""

    frames: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """The place of ``document.images[index]``."""

    index: int


@dataclass(frozen=True, slots=True)
class Video:
    """The place of ``document.videos[index]``."""

    index: int


Part = Text | Image | Video


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. Calls of tools are text in it: see :mod:`transforms.conversations.tool_calls`.

    ``train``: whether an answer is learnt; ``reasoning``: what was thought before it, where a source keeps that apart.
    """

    role: Role
    content: tuple[Part, ...]
    train: bool = True
    reasoning: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """``{"role", "content": [{"type": "text", "text"} | {"type": "image", "index"} | {"type": "video", …}]}``.

        ``train`` and ``reasoning`` stand there only where they say something else than their defaults.
        """
        values: dict[str, Any] = {"role": self.role, "content": [_part_to_dict(part) for part in self.content]}
        if not self.train:
            values["train"] = False
        if self.reasoning is not None:
            values["reasoning"] = self.reasoning
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Message:
        content = tuple(_part_from_dict(part) for part in values["content"])
        return cls(values["role"], content, values.get("train", True), values.get("reasoning"))


@dataclass(frozen=True, slots=True)
class Document:
    """``images`` and ``videos`` stand in the order in which their parts occur; each is used exactly once."""

    key: str
    source: str
    messages: tuple[Message, ...]
    images: tuple[ImageSize, ...] = ()
    videos: tuple[VideoSize, ...] = ()

    def parts(self) -> Iterator[Part]:
        for message in self.messages:
            yield from message.content

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; :meth:`from_dict` gives the equal document back."""
        return {
            "key": self.key,
            "source": self.source,
            "messages": [message.to_dict() for message in self.messages],
            "images": [list(size) for size in self.images],
            "videos": [list(size) for size in self.videos],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Document:
        return cls(
            key=values["key"],
            source=values["source"],
            messages=tuple(Message.from_dict(message) for message in values["messages"]),
            images=tuple(ImageSize(*size) for size in values["images"]),
            videos=tuple(VideoSize(*size) for size in values["videos"]),
        )


def _part_to_dict(part: Part) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(index):
            return {"type": "image", "index": index}
        case Video(index):
            return {"type": "video", "index": index}


def _part_from_dict(values: dict[str, Any]) -> Part:
    match values["type"]:
        case "text":
            return Text(values["text"])
        case "image":
            return Image(values["index"])
        case "video":
            return Video(values["index"])
        case other:
            raise ValueError(f"no part of a message has type {other!r}")
