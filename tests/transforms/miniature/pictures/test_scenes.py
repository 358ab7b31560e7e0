"""The true concepts of scenes: their number, how common they are, and that nothing is true by accident."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from transforms.miniature.concepts import BY_NAME, CONCEPTS, TYPES, Family
from transforms.miniature.pictures.scenes import MAX_CONCEPTS, count_concepts, generator, scene_of
from transforms.miniature.settings import MiniatureSettings

REPOSITORY = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def counts_of_default_corpus():
    return count_concepts(MiniatureSettings().seed, 20_000)


def test_vocabulary_file_is_in_step_with_the_generator():
    vocabulary = yaml.safe_load((REPOSITORY / "configs" / "vocabulary" / "mini.yaml").read_text(encoding="utf-8"))
    assert vocabulary["concepts"] == sorted(BY_NAME, key=str.lower)
    assert all("{}" in prompt for prompt in vocabulary["prompts"])
    typed = {name: kind for kind, names in vocabulary["types"].items() for name in names}
    assert typed == {name: TYPES[concept.family] for name, concept in BY_NAME.items()}


def test_names_are_distinct_in_both_languages():
    assert len(BY_NAME) == len(CONCEPTS) >= 300
    assert len({concept.chinese for concept in CONCEPTS}) == len(CONCEPTS)


@pytest.mark.slow
def test_frequencies_are_zipf_like(counts_of_default_corpus):
    counts = np.array(sorted(counts_of_default_corpus.values(), reverse=True))
    assert len(counts) == len(CONCEPTS), "every concept is drawn"
    assert counts[-1] >= 5
    assert counts[0] >= 100 * counts[-1]
    slope = np.polyfit(np.log(np.arange(10, len(counts))), np.log(counts[10:]), 1)[0]
    assert -1.4 < slope < -0.8


def test_weights_tell_how_common_concepts_are(counts_of_default_corpus):
    weights = np.array([concept.weight for concept in CONCEPTS])
    counts = np.array([counts_of_default_corpus[concept.name] for concept in CONCEPTS])
    assert np.corrcoef(np.log(weights), np.log(counts))[0, 1] > 0.9


def test_a_lower_exponent_flattens_the_frequencies():
    def share_of_rare_half(exponent):
        rare = {concept.name for concept in CONCEPTS[len(CONCEPTS) // 2 :]}
        names = [c.name for index in range(1000) for c in scene_of(5, index, exponent).concepts]
        return sum(name in rare for name in names) / len(names)

    assert share_of_rare_half(0.3) > 2 * share_of_rare_half(1.0)


@pytest.mark.slow
def test_themes_bring_their_objects():
    """A concept's company is not chance: boats stand at the sea more often than elsewhere."""
    scenes = [scene_of(3, index, 0.5) for index in range(8000)]
    by_sea = [s for s in scenes if s.background is not None and s.background.theme == "seaside"]

    def share_of_seaside_objects(chosen):
        elements = [e.concept for s in chosen for e in s.elements]
        return sum(c.theme == "seaside" for c in elements) / len(elements)

    assert share_of_seaside_objects(by_sea) > 3 * share_of_seaside_objects(scenes)


@given(seed=st.integers(0, 2**32), index=st.integers(0, 2**40), exponent=st.sampled_from([0.0, 0.3, 1.0]))
def test_every_scene_is_true_to_its_description(seed, index, exponent):
    scene = scene_of(seed, index, exponent)
    names = [concept.name for concept in scene.concepts]
    assert 2 <= len(set(names)) == len(names) <= MAX_CONCEPTS
    shapes = [shape for element in scene.elements for shape in element.shapes]
    assert len(set(shapes)) == len(shapes), "a shape in two elements would make a count true"
    assert sum(e.concept.family in (Family.WORD, Family.CHART) for e in scene.elements) <= 2
    assert 100 <= max(scene.width, scene.height) <= 256
    assert scene == scene_of(seed, index, exponent)


def test_generators_of_different_purposes_are_independent():
    keys = itertools.product((0, 1), ("scene", "drawing"), (0, 1))
    draws = {generator(seed, purpose, index).random() for seed, purpose, index in keys}
    assert len(draws) == 8
