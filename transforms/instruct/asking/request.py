"""One question to a model, and the key by which its reply is found again."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import xxhash

from transforms.instruct.asking.settings import ServerSettings

#: Tokens that a chat template adds around a message, more than any known one does.
_AROUND_A_MESSAGE = 32


@dataclass(frozen=True)
class ShownImage:
    """An image of a request: named by its content hash, read only when it has to be sent."""

    content_hash: bytes
    read: Callable[[], tuple[bytes, str]] = field(compare=False)  # bytes and MIME type

    def data_url(self) -> str:
        data, mime = self.read()
        return f"data:{mime};base64,{base64.b64encode(data).decode()}"


@dataclass(frozen=True)
class Turn:
    """Images come before the text."""

    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[ShownImage, ...] = ()


@dataclass(frozen=True)
class Request:
    """``prompt`` names the prompt that it was made by: 16 bytes, no part of the key, as the turns hold all of it."""

    model: str
    turns: tuple[Turn, ...]
    parameters: Mapping[str, Any]
    max_tokens: int
    revision: str = ""
    prompt: bytes | None = None

    @classmethod
    def to(cls, server: ServerSettings, turns: tuple[Turn, ...], prompt: bytes | None = None) -> Request:
        return cls(server.model, turns, server.parameters, server.max_tokens, server.revision, prompt)

    @cached_property
    def key(self) -> bytes:
        """xxh3-128 of canonical JSON: model, turns with images as their hashes, parameters."""
        turns = [[turn.role, turn.text, [one.content_hash.hex() for one in turn.images]] for turn in self.turns]
        values = [self.model, self.revision, turns, dict(self.parameters), self.max_tokens]
        text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass"))

    def body(self) -> dict[str, Any]:
        """What is sent; reads the images."""
        messages = [{"role": turn.role, "content": _content(turn)} for turn in self.turns]
        return {"model": self.model, "messages": messages, "max_tokens": self.max_tokens, **self.parameters}

    def most_prompt_tokens(self, most_image_tokens: int) -> int:
        """An upper bound: no tokenizer that reads bytes makes more tokens than there are bytes."""
        texts = sum(len(turn.text.encode("utf-8", "replace")) + _AROUND_A_MESSAGE for turn in self.turns)
        return texts + most_image_tokens * sum(len(turn.images) for turn in self.turns)


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    if not turn.images:
        return turn.text
    shown = [{"type": "image_url", "image_url": {"url": one.data_url()}} for one in turn.images]
    return [*shown, {"type": "text", "text": turn.text}]
