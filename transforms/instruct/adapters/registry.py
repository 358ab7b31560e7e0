"""The adapters by name, in the order in which a record is tried against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transforms.conversations.shapes import UnusableError
from transforms.instruct.adapters.base import Adapter
from transforms.instruct.adapters.chat import Alpaca, Cauldron, Conversations, Messages
from transforms.instruct.adapters.questions import Captions, QuestionAnswer
from transforms.rejects import Reason

ADAPTERS: dict[str, Adapter] = {}


def register(kind: type[Adapter]) -> None:
    """Raises TypeError for one that lacks a part, has the name of another, or cannot read its own example."""
    adapter = kind()  # an abstract part that is left out is a TypeError of Python's own
    if not (adapter.name and adapter.description and adapter.fields):
        raise TypeError(f"{kind.__name__} must say its name, its description and its fields")
    if adapter.name in ADAPTERS:
        raise TypeError(f"{kind.__name__} has the name of {type(ADAPTERS[adapter.name]).__name__}: {adapter.name}")
    if not adapter.recognises(adapter.example):
        raise TypeError(f"{kind.__name__} does not recognise its own example")
    adapter.read(adapter.example, place_media=True)
    ADAPTERS[adapter.name] = adapter


for _kind in (Messages, Conversations, Cauldron, Alpaca, QuestionAnswer, Captions):
    register(_kind)


def detect(record: Mapping[str, Any]) -> Adapter:
    """The first adapter that recognises ``record``. Raises UnusableError where none does."""
    for adapter in ADAPTERS.values():
        if adapter.recognises(record):
            return adapter
    found = ", ".join(sorted(map(str, record)))[:200]
    raise UnusableError(Reason.MALFORMED_RECORD, f"of no known shape ({', '.join(ADAPTERS)}); its fields: {found}")
