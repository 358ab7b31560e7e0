"""Rows with pictures, as few as tell one thing."""

from __future__ import annotations

import hashlib

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image
from transforms.instruct.answers.forms import parse_answer
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.rows import Answer, Medium, Region, Row

SETTINGS = DuplicatesSettings(partitions=3)


def picture(name: str, looks: int = 0, data: bytes | None = None) -> Medium:
    content = hashlib.md5(name.encode()).digest()
    shown = looks.to_bytes(8, "big") if looks else None
    return Medium("image", uri=name, data=data, content_hash=content, perceptual_hash=shown, width=100, height=100)


def asking(
    key: str,
    question: str,
    answer: str,
    *media: Medium,
    source: str = "s",
    boxes: tuple[Region, ...] = (),
) -> Row:
    parsed = parse_answer(answer)
    messages = (turn("user", *map(Image, range(len(media))), question), turn("assistant", answer))
    answers = (Answer(1, parsed.form, parsed.value),)
    return Row(f"s/a/{key}", source, messages, media=media, answers=answers, regions=boxes)
