"""One sample of the mixture: what its JSON says, and what its members are called.

The record is of the shape ``messages``, so that what reads instruction sets reads it too: turns of role and content
parts, and in ``images`` the members that they show, one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from transforms.conversations.document import Message, Text
from transforms.instruct.publishing.rendering import Numbers
from transforms.instruct.rows import Medium, Row


@dataclass(frozen=True)
class Sample:
    """A rendered row under the name of its members. ``numbers``: its regions' as they are written."""

    name: str
    row: Row
    numbers: Sequence[Numbers]
    inclusion_probability: float


def endings(row: Row) -> list[str]:
    """``0.jpg``, ``1.png``: what follows the sample's name, of each medium in its order."""
    return [f"{index}.{_ending(one)}" for index, one in enumerate(row.media)]


def _ending(medium: Medium) -> str:
    return medium.format or ("jpg" if medium.kind == "image" else "mp4")


def record(sample: Sample) -> dict[str, Any]:
    """What the JSON of a sample holds, every key in every sample: readers of tables stumble over one that comes and
    goes. What is not known is null, what there is none of an empty list."""
    row, names = sample.row, endings(sample.row)
    places = {kind: row.places_of(kind) for kind in ("image", "video")}
    return {
        "key": row.key,
        "source": row.source,
        "split": row.split or "train",
        "messages": [_turn(message) for message in row.messages],
        "images": [names[place] for place in places["image"]],
        "videos": [names[place] for place in places["video"]],
        "tools": row.tools or None,
        **flat_facts(sample),
        "answers": [_answer(sample, index) for index in range(len(row.answers))],
        "regions": [
            {
                "media": names[one.media],
                "kind": one.kind,
                "xy": [_plain(number) for number in numbers],
                "label": one.label,
                "message": one.message,
            }
            for one, numbers in zip(row.regions, sample.numbers, strict=True)
        ],
        "media": [
            {
                "name": name,
                "kind": one.kind,
                "width": one.width,
                "height": one.height,
                "content_hash": None if one.content_hash is None else one.content_hash.hex(),
                "licence": one.licence,
                "origin_url": one.origin_url,
            }
            for name, one in zip(names, row.media, strict=True)
        ],
    }


def flat_facts(sample: Sample) -> dict[str, Any]:
    """One value each, the same in both formats."""
    row = sample.row
    return {
        "category": row.category,
        "language": row.language,
        "licence": row.licence_data,
        "model_terms": list(row.model_terms),
        "source_key": row.source_key,
        "pair_key": row.pair[0] if row.pair else None,
        "pair_relation": row.pair[1] if row.pair else None,
        "inclusion_probability": sample.inclusion_probability,
    }


def to_json(sample: Sample) -> bytes:
    return orjson.dumps(record(sample))


def parts_of(message: Message) -> list[dict[str, str | None]]:
    """An image or a video is the next of its kind."""
    return [
        {"type": "text", "text": part.text}
        if isinstance(part, Text)
        else {"type": type(part).__name__.lower(), "text": None}
        for part in message.content
    ]


def _turn(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": parts_of(message),
        "train": message.train,
        "reasoning_content": message.reasoning,
    }


def _answer(sample: Sample, index: int) -> dict[str, Any]:
    """A box's value is its numbers as they are written; of several in one answer the text tells."""
    one = sample.row.answers[index]
    value = one.value
    if one.form == "box":
        regions = zip(sample.row.regions, sample.numbers, strict=True)
        boxes = [numbers for region, numbers in regions if region.message == one.message]
        value = f"[{', '.join(boxes[0])}]" if len(boxes) == 1 else None
    return {
        "message": one.message,
        "form": one.form,
        "value": value,
        "choices": list(one.choices),
        "correct": list(one.correct),
    }


def _plain(number: str) -> float | int:
    return float(number) if "." in number else int(number)
