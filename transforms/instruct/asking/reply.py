"""What came back of one request."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

import xxhash

#: Before a reply, where the server leaves it there; the first mark may be the template's, and not be in the reply.
_THOUGHT = re.compile(r"\A(?:\s*<think>)?(?:(?!<think>).)*?</think>\s*", re.DOTALL)

#: ``answered``: a text. ``cut``: one that broke off at max_tokens. ``refused``: the server will not answer this
#: request, however often it is asked (a text too long, a filter).
State = Literal["answered", "cut", "refused"]


@dataclass(frozen=True, slots=True)
class Reply:
    """``text`` is in NFC; of a refusal it is what the server said. ``model`` is what the server calls itself."""

    text: str
    state: State = "answered"
    prompt_tokens: int = 0
    reply_tokens: int = 0
    model: str = ""

    def to_bytes(self) -> bytes:
        """The record as it is kept: its sum, then JSON."""
        values = [self.text, self.state, self.prompt_tokens, self.reply_tokens, self.model]
        body = json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return xxhash.xxh3_64_digest(body) + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Reply | None:
        """None of a record that is not as it was written."""
        if xxhash.xxh3_64_digest(data[8:]) != data[:8]:
            return None
        return cls(*json.loads(data[8:].decode("utf-8", "surrogatepass")))


def reply_of(values: dict[str, Any]) -> Reply | None:
    """The reply in the body of a chat completion; None for one that holds none: half of it, or another thing."""
    try:
        choice = values["choices"][0]
        text = choice["message"].get("content")
        usage = values.get("usage") or {}
        sent, came = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        return Reply("content_filter", "refused", sent, came, str(values.get("model") or ""))
    if not isinstance(text, str) or finish not in ("stop", "length", "eos", "end_turn", None):
        return None
    said = _THOUGHT.sub("", text, count=1)
    clean = unicodedata.normalize("NFC", said.encode("utf-8", "replace").decode())
    return Reply(clean, "cut" if finish == "length" else "answered", sent, came, str(values.get("model") or ""))
