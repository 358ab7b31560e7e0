"""Rows that hold everything that a row can hold."""

from __future__ import annotations

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Message, Text, Video
from transforms.instruct.rows import Answer, Medium, Region, Row

ROWS_OF_ALL_KINDS = (
    Row(
        "s/a/0",
        "s",
        (
            turn("system", "Be brief."),
            turn("user", Video(0), "and", Image(0), "?", Image(1)),
            Message("assistant", (Text("[1, 2, 3, 4]"),), train=False, reasoning="Look."),
            turn("tool", "图"),
        ),
        source_key="7",
        group=bytes(16),
        split="train",
        tools='[{"name": "look"}]',
        media=(
            Medium("image", uri="/a.jpg", width=4, height=3, content_hash=bytes(range(16)), licence="CC0"),
            Medium("video", uri="/b.tar", member="b.mp4", offset=512, size_bytes=9, frames=2),
            Medium("image", data=b"\x89", format="png"),
        ),
        regions=(Region(2, "box", (1.0, 2.0, 3.0, 4.0), "cat", 2, 0, 0, 12), Region(0, "box", (0.0, 0.0, 1.5, 1.0))),
        answers=(Answer(2, "box", "[1, 2, 3, 4]", ("a", "b"), (1,)),),
        language="en",
        licence_data="CC-BY-4.0",
        model_terms=("openai",),
        pair=("s/a/1", "translation"),
        source_record="{}",
    ),
    Row("s/a/1", "s", (turn("user", "Hi"), turn("assistant", "x"))),
)
