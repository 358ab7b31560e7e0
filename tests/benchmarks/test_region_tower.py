"""Regions of pictures as the tower learns them: weights lie on the patches that show a thing."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from tests.benchmarks.listed_scenes import SIDE_PIXELS, THINGS, ListedScene, listed_scene
from tests.benchmarks.region_tower import patch_middles, regions_of


def painted(x: float, y: float) -> ListedScene:
    """Black, but for the patch at (x, y)."""
    picture = np.zeros((SIDE_PIXELS, SIDE_PIXELS, 3), np.uint8)
    left, top = int(x - 7), int(y - 7)
    picture[top : top + 14, left : left + 14] = 255
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return ListedScene(buffer.getvalue(), (THINGS[5].name,), ((left, top, left + 14, top + 14),))


def test_middles_are_in_the_order_of_the_processor() -> None:
    middles = patch_middles()
    assert len({tuple(one) for one in middles.tolist()}) == len(middles) == 64
    found = regions_of([painted(*middle) for middle in middles.tolist()])
    brightest = found.patches.float().mean(dim=2).argmax(dim=1)
    assert brightest.tolist() == list(range(64))
    assert torch.equal(found.weights[:, 0], torch.eye(64)), "a region of one patch"
    assert set(found.clusters[:, 0].tolist()) == {5} and set(found.clusters[:, 1:].flatten().tolist()) == {-100}


def test_every_thing_has_a_region() -> None:
    scenes = [listed_scene(3, index) for index in range(8)]
    found = regions_of(scenes)
    for row, scene in enumerate(scenes):
        known = [THINGS[cluster].name for cluster in found.clusters[row].tolist() if cluster >= 0]
        assert known == list(scene.names)
        torch.testing.assert_close(found.weights[row].sum(dim=1)[: len(known)], torch.ones(len(known)))
