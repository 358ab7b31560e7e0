"""One scene, however it is written down, gives the same regions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from transforms.instruct.grounding.conventions import (
    FRAMES,
    ORDERS,
    UNITS,
    Convention,
    Pictures,
    from_upright,
    to_upright,
)

SIZE = (640, 427)
SCENE = np.array([[10, 20, 110, 220], [0, 0, 640, 427], [600.5, 400, 639, 426.25]])

#: The scene above as sources would write it, worked out by hand for its first box.
FIRST_BOX = {
    Convention("pixels", "xywh", "upright"): [10, 20, 100, 200],  # COCO
    Convention("0-1", "cxcywh", "upright"): [60 / 640, 120 / 427, 100 / 640, 200 / 427],  # YOLO
    Convention("0-1000", "xyxy", "upright"): [15.625, 46.8384, 171.875, 515.2225],  # Qwen3-VL
    Convention("0-1000", "yxyx", "upright"): [46.8384, 15.625, 515.2225, 171.875],  # Gemini
    Convention("0-1", "xyxy", "padded_square"): [10 / 640, 126 / 640, 110 / 640, 326 / 640],  # LLaVA: 106 above
    Convention("pixels", "xyxy", "resized", (320, 854)): [5, 40, 55, 440],
    Convention("pixels", "xyxy", "smart_resized"): [10 * 644 / 640, 20 * 420 / 427, 110 * 644 / 640, 220 * 420 / 427],
}


@pytest.mark.parametrize("convention", FIRST_BOX, ids=lambda one: f"{one.unit}-{one.order}-{one.frame}")
def test_one_scene_in_many_conventions(convention: Convention) -> None:
    pictures = Pictures.of([SIZE] * len(SCENE))
    written = from_upright(SCENE, convention, pictures)
    assert written[0] == pytest.approx(FIRST_BOX[convention], abs=1e-3)
    assert to_upright(written, convention, pictures) == pytest.approx(SCENE)
    # what a source writes is rounded: to whole units, or to three decimals; half of that is lost at most
    rounded = np.round(written, 3 if convention.unit == "0-1" else 0)
    assert np.abs(to_upright(rounded, convention, pictures) - SCENE).max() <= 1.0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_the_picture_does(orientation: int) -> None:
    """Drawn on the pixels as stored, turned by Pillow, and found again where the convention says."""
    stored_box = (3, 5, 14, 9)
    stored = Image.new("L", (24, 16))
    stored.paste(255, stored_box)
    stored.getexif()[0x0112] = orientation
    seen = ImageOps.exif_transpose(stored)
    pictures = Pictures.of([seen.size], orientation)
    convention = Convention("pixels", "xyxy", "stored")
    found = to_upright([stored_box], convention, pictures)
    assert tuple(found[0]) == seen.getbbox()
    assert from_upright(found, convention, pictures).tolist() == [list(stored_box)]
    as_parts = Convention("0-1", "xywh", "stored")
    parts = [3 / 24, 5 / 16, 11 / 24, 4 / 16]
    assert to_upright([parts], as_parts, pictures) == pytest.approx(found)


@given(
    st.lists(
        st.tuples(st.integers(20, 3000), st.integers(20, 3000), st.integers(1, 8), *[st.floats(0, 1, width=32)] * 4),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(UNITS),
    st.sampled_from(ORDERS),
    st.sampled_from(FRAMES),
)
def test_there_and_back(rows: list[tuple[float, ...]], unit: str, order: str, frame: str) -> None:
    values = np.array(rows)
    pictures = Pictures.of(values[:, :2], values[:, 2])
    x, y = np.sort(values[:, 3:5] * values[:, :1]), np.sort(values[:, 5:] * values[:, 1:2])
    boxes = np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)
    convention = Convention(unit, order, frame, (336, 448) if frame == "resized" else None)
    again = to_upright(from_upright(boxes, convention, pictures), convention, pictures)
    assert again == pytest.approx(boxes, abs=1e-6)


def test_a_size_belongs_to_resized_alone() -> None:
    with pytest.raises(ValueError, match="a size belongs to the frame resized"):
        Convention("pixels", "xyxy", "resized")
    with pytest.raises(ValueError, match="a size belongs to the frame resized"):
        Convention("pixels", "xyxy", "upright", (3, 4))
