"""Pictures depend on seed and number alone, differ from each other, and every concept can be drawn."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from transforms.miniature.concepts import CONCEPTS, Family
from transforms.miniature.pictures.drawing import draw, encoded_picture_of, picture_of
from transforms.miniature.pictures.nature import NATURE
from transforms.miniature.pictures.scenes import Element, Scene, generator
from transforms.miniature.pictures.things import THINGS


def test_the_same_picture_from_the_same_numbers():
    assert encoded_picture_of(4, 9)[1] == encoded_picture_of(4, 9)[1]
    assert encoded_picture_of(4, 9)[1] != encoded_picture_of(4, 10)[1]
    assert encoded_picture_of(4, 9)[1] != encoded_picture_of(5, 9)[1]


def test_pictures_have_the_size_of_their_scene():
    for index in range(40):
        scene, data = encoded_picture_of(2, index)
        with Image.open(io.BytesIO(data)) as picture:
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (scene.width, scene.height))


@pytest.mark.parametrize("family", [Family.OBJECT, Family.CHART, Family.WORD])
def test_every_element_leaves_its_mark(family):
    """Each object, chart and word paints over a fair part of the background, and none looks like another."""
    pictures = {}
    for concept in CONCEPTS:
        if concept.family is family:
            canvas = draw(Scene(None, (Element(concept),), 160, 160), generator(0, "drawing", 0))
            pictures[concept.name] = np.asarray(canvas.resize((32, 32)), dtype=np.int16)
    names = list(pictures)
    for i, first in enumerate(names):
        for second in names[:i]:
            assert np.abs(pictures[first] - pictures[second]).max() > 60, (first, second)


def test_every_object_has_one_drawing():
    objects = {concept.name for concept in CONCEPTS if concept.family is Family.OBJECT}
    assert not NATURE.keys() & THINGS.keys()
    assert NATURE.keys() | THINGS.keys() == objects


def test_a_flat_corpus_holds_other_pictures():
    assert picture_of(1, 3, 0.1)[0] != picture_of(1, 3, 1.0)[0]
