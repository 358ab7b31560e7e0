from __future__ import annotations

import pytest

from transforms.conversations.document import Message, Text
from transforms.instruct.rows import Medium, Region, Row
from transforms.instruct.validating.boxes import bad_boxes


@pytest.mark.parametrize(
    ("xy", "fault"),
    [
        ((1, 2, 3, 4), None), ((3, 2, 1, 4), "turned over"), ((1, 4, 3, 2), "turned over"), ((1, 2, 1, 4), "empty"),
        ((1, 2, 3, 2), "empty"), ((90, 0, 110, 10), None), ((91, 0, 111, 10), "outside"), ((0, 75, 10, 85), None),
        ((-9, 0, 5, 10), "outside"), ((200, 200, 300, 300), "outside"),
    ],
)  # fmt: skip
def test_boxes_in_texts(xy: tuple[float, ...], fault: str | None) -> None:
    media = (Medium("image", width=100, height=80),)
    placed, beside = Region(0, "box", xy, "", 1, 0, 0, 4), Region(0, "box", xy)
    one = Row("k", "s", (Message("user", (Text("?"),)),), media=media, regions=(beside, placed))
    found = [finding.detail for finding in bad_boxes(one, 0.5)]
    assert [detail.startswith(fault or "") for detail in found] == [True] * (fault is not None)
