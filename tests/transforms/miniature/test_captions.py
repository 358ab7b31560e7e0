"""Captions name what is in the picture."""

from __future__ import annotations

import re

import pytest

from transforms.miniature.captions import caption
from transforms.miniature.concepts import COLOURS, CONCEPTS, NUMBERS, SHAPES, TEXTURES
from transforms.miniature.pictures.scenes import generator, scene_of

TRANSLATIONS = {**COLOURS, **SHAPES, **TEXTURES, **NUMBERS}
SCENES = [scene_of(11, index, 0.2) for index in range(1500)]


@pytest.mark.parametrize("number", range(0, len(SCENES), 100))
def test_english_captions_name_every_concept(number):
    for index in range(number, number + 100):
        text = caption(SCENES[index], chinese=False, rng=generator(11, "caption", index))
        words = re.findall(r"\w+", text.lower())
        for concept in SCENES[index].concepts:
            singular = {word.removesuffix("s") for word in words} | set(words)
            missing = [word for word in concept.name.lower().split() if word not in singular]
            assert not missing, (text, concept.name)


def test_chinese_captions_name_every_concept():
    for index, scene in enumerate(SCENES):
        text = caption(scene, chinese=True, rng=generator(11, "caption", index))
        for concept in scene.concepts:
            wanted = [TRANSLATIONS[part] for part in concept.parts if part in TRANSLATIONS] or [concept.chinese]
            assert all(part in text for part in wanted), (text, concept.name)


def test_captions_of_one_scene_vary():
    texts = {caption(SCENES[0], chinese=False, rng=generator(1, "caption", index)) for index in range(50)}
    assert len(texts) > 8


def test_every_concept_occurs_in_some_scene_of_the_sample():
    seen = {concept.name for scene in SCENES for concept in scene.concepts}
    assert len(seen) > 0.95 * len(CONCEPTS)
