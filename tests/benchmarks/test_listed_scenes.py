"""Scenes of listed things: what a caption lists is what stands there, and rare things ride with common ones."""

from __future__ import annotations

import io
from itertools import pairwise

from PIL import Image

from tests.benchmarks.listed_scenes import COMMON, SIDE_PIXELS, THINGS, companion, listed_scene

RARE = THINGS[-1]


def test_a_caption_lists_what_stands_there() -> None:
    for index in range(20):
        scene = listed_scene(1, index)
        assert 2 <= len(scene.names) <= 4 and len(set(scene.names)) == len(scene.names)
        assert scene.caption.split(", ") == list(scene.names)
        middles = [(left + right) / 2 for left, _, right, _ in scene.boxes]
        assert all(one < other + SIDE_PIXELS / 4 for one, other in pairwise(middles)), "from left to right"
        assert Image.open(io.BytesIO(scene.jpeg)).size == (SIDE_PIXELS, SIDE_PIXELS)
    assert listed_scene(1, 3) == listed_scene(1, 3)


def test_rare_things_ride_with_common_ones() -> None:
    beside = companion(RARE)
    assert beside in COMMON and companion(COMMON[0]) is None
    assert beside is not None
    with_it = [beside.name in listed_scene(2, index, RARE).names for index in range(30)]
    assert sum(with_it) > 15
    assert all(RARE.name in listed_scene(2, index, RARE).names for index in range(5))
    assert not any(beside.name in listed_scene(2, index, RARE, with_companion=False).names for index in range(10))
    assert all(beside.name in listed_scene(2, index, RARE, with_companion=True).names for index in range(10))
