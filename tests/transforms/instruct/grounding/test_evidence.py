"""Boxes written in one convention speak for it, and for those that cannot be told from it, and for no other."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.instruct.grounding.conventions import Convention, Pictures, from_upright
from transforms.instruct.grounding.evidence import weigh

RNG = np.random.default_rng(0)
SIZES = np.array([[640, 427], [3000, 1200], [500, 800], [333, 1000]])[RNG.integers(0, 4, 400)]


def scene() -> np.ndarray:
    """(400, 4) xyxy in upright pixels, over all of each picture."""
    first = RNG.uniform(0, 0.8, (400, 2))
    last = first + RNG.uniform(0.05, 1, (400, 2)) * (1 - first)
    return np.concatenate([first, last], axis=1) * np.tile(SIZES, 2)


def likely(convention: Convention, orientation: int = 1) -> set[tuple[str, str, str]]:
    pictures = Pictures.of(SIZES, orientation)
    boxes = from_upright(scene(), convention, pictures)
    found = [one for one in weigh(boxes, SIZES, orientation) if one.is_likely]
    return {(one.convention.unit, one.convention.order, one.convention.frame) for one in found}


@pytest.mark.parametrize(
    ("convention", "told_apart"),
    [
        (Convention("pixels", "xyxy", "upright"), {("pixels", "xyxy", "upright")}),
        (Convention("pixels", "xywh", "upright"), {("pixels", "xywh", "upright")}),
        (Convention("0-1", "xyxy", "upright"), {("0-1", o, "upright") for o in ("xyxy", "yxyx")}),
        (Convention("0-1000", "cxcywh", "upright"), {("0-1000", "cxcywh", "upright")}),
    ],
    ids=lambda one: "-".join((one.unit, one.order, one.frame)) if isinstance(one, Convention) else "",
)
def test_the_convention_is_likely_and_what_cannot_be_told_from_it(
    convention: Convention, told_apart: set[tuple[str, str, str]]
) -> None:
    assert likely(convention) == told_apart


def test_padding_and_turning_show() -> None:
    padded = likely(Convention("0-1", "xyxy", "padded_square"))
    assert ("0-1", "xyxy", "padded_square") in padded
    assert ("pixels", "xyxy", "stored") in likely(Convention("pixels", "xyxy", "stored"), orientation=6)
    assert ("pixels", "xyxy", "upright") not in likely(Convention("pixels", "xyxy", "stored"), orientation=6)


def test_without_pictures_only_parts_can_be_judged() -> None:
    boxes = scene() / np.tile(SIZES, 2)
    found = weigh(boxes, np.zeros((400, 2)), 1)
    assert {one.convention.unit for one in found if one.boxes} == {"0-1", "0-1000"}
    assert {(one.convention.unit, one.convention.order) for one in found if one.is_likely} == {
        ("0-1", "xyxy"),
        ("0-1", "yxyx"),
    }


def test_thin_pictures_and_other_sizes_are_judged_where_they_can_be() -> None:
    boxes = np.array([[0, 0, 1000, 4], [100, 100, 600, 420]])
    found = {
        (one.convention.frame, one.convention.unit, one.convention.order): one
        for one in weigh(boxes, [[1000, 4], [644, 420]], 1)
    }
    assert found["upright", "pixels", "xyxy"].boxes == 2
    assert not any(frame == "smart_resized" for frame, _, _ in found)  # one is refused, the other is not changed
    resized = [one for one in weigh(boxes, [[1000, 4], [640, 427]], 1) if one.convention.frame == "smart_resized"]
    assert {one.boxes for one in resized} == {1}
