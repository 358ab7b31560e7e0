"""Boxes are found as models and data sets write them, and lists that are none are left alone."""

from __future__ import annotations

from typing import Any

import pytest

from transforms.instruct.grounding.notations import find_boxes, stated_boxes


@pytest.mark.parametrize(
    ("text", "notation", "label", "numbers", "span"),
    [
        ("A cat [0.12, 0.3,0.5, 1.0].", "list", "", (0.12, 0.3, 0.5, 1.0), "[0.12, 0.3,0.5, 1.0]"),
        (
            "<|object_ref_start|>the cat<|object_ref_end|><|box_start|>(12,30),(50,100)<|box_end|>",
            "box_start",
            "the cat",
            (12, 30, 50, 100),
            "(12,30),(50,100)",
        ),
        ("<ref>cat</ref><box>(12,30),(50,100)</box>", "box", "cat", (12, 30, 50, 100), "(12,30),(50,100)"),
        ("<ref>cat</ref><box>[[12, 30, 50, 100]]</box>", "box", "cat", (12, 30, 50, 100), "[12, 30, 50, 100]"),
        (
            '```json\n[{"bbox_2d": [12, 30, 50, 100], "label": "a \\"cat\\""}]\n```',
            "bbox_2d",
            'a "cat"',
            (12, 30, 50, 100),
            "[12, 30, 50, 100]",
        ),
        ('{"label": "cat", "bbox_2d": [12, 30, 50, 100]}', "bbox_2d", "cat", (12, 30, 50, 100), "[12, 30, 50, 100]"),
    ],
)
def test_notations(text: str, notation: str, label: str, numbers: tuple[float, ...], span: str) -> None:
    (box,) = find_boxes(text)
    assert (box.notation, box.label, box.numbers) == (notation, label, numbers)
    assert text[box.start : box.end] == span


def test_several_boxes_in_one_tag_and_after_it() -> None:
    text = "<box>[[1, 2, 3, 4], [5, 6, 7, 8]]</box> and [9, 10, 11, 12]"
    assert [(box.notation, box.numbers[0]) for box in find_boxes(text)] == [("box", 1), ("box", 5), ("list", 9)]


@pytest.mark.parametrize("text", ["[1, 2, 3]", "[1, 2, 3, 4, 5]", "f(1, 2), (3, 4)", "[a, b, c, d]", "", "[1 2 3 4]"])
def test_what_is_no_box(text: str) -> None:
    assert find_boxes(text) == []


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"instances": [{"category": "donut", "bbox": [0.1, 0.2, 0.3, 0.4]}]}, [("instances", "donut", 0.1)]),
        ({"objects": {"bbox": [[1, 2, 3, 4], [5, 2, 7, 8]], "name": [7]}}, [("objects", "7", 1), ("objects", "", 5)]),
        ({"objects": [{"label": "x", "bbox": [1, 2, 3, 4]}]}, [("objects", "x", 1)]),
        ({"bboxes": [[1, 2, 3, 4]], "bbox": [2, 2, 3, 4]}, [("bboxes", "", 1), ("bbox", "", 2)]),
        ({"instances": 5, "objects": {"bbox": 3}, "bboxes": "none", "bbox": [1, 2, 3]}, []),
        ({"bbox": [1, 2, 3, True]}, []),
        ({"bboxes": [[1, 2, 3, float("nan")], [1, 2, 3, float("inf")], [1, 2, 3, 10**400]]}, []),
    ],
)  # fmt: skip
def test_fields(record: dict[str, Any], found: list[tuple[str, str, float]]) -> None:
    assert [(box.field, box.label, box.numbers[0]) for box in stated_boxes(record)] == found
