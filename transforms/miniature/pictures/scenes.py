"""What stands in a picture: a description drawn from a random generator, before anything is painted.

A description names its true concepts exactly: no shape occurs in two elements, so that nothing is true by accident
(a red and a blue circle would be "two circles").
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.miniature.concepts import BY_NAME, COLOURS, CONCEPTS, SHAPES, Concept, Family

MAX_CONCEPTS = 6
_ELEMENT_COUNT_SHARES = (0.30, 0.45, 0.25)  # pictures with one, two and three elements
_MEAN_CONCEPTS = 3.4  # measured; scales the weights of backgrounds to shares of pictures
_THEME_AFFINITY = 8.0  # how much likelier an element is in front of a background of its own theme
_LONG_SIDES = (160, 240)
_ASPECTS = (1.0, 4 / 3, 3 / 4, 3 / 2, 4 / 3)
_ONCE_A_PICTURE = (Family.COUNT, Family.RELATION, Family.WORD, Family.CHART)
#: True concepts that an element brings: a striped star is also a blue star.
_BRINGS = {Family.TEXTURE: 2, Family.COUNT: 2, Family.RELATION: 3}


@dataclass(frozen=True)
class Element:
    """One thing in a picture; ``colours`` holds a colour for each of its shapes."""

    concept: Concept
    shapes: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()

    @property
    def concepts(self) -> tuple[Concept, ...]:
        if self.concept.family is Family.SHAPE:
            return (self.concept,)
        coloured = (BY_NAME[f"{colour} {shape}"] for colour, shape in zip(self.colours, self.shapes, strict=True))
        return (self.concept, *coloured)


@dataclass(frozen=True)
class Scene:
    """A picture's description. A ``background`` of None is a plain one that no concept names."""

    background: Concept | None
    elements: tuple[Element, ...]
    width: int
    height: int

    @property
    def concepts(self) -> tuple[Concept, ...]:
        own = (self.background,) if self.background else ()
        return (*own, *(concept for element in self.elements for concept in element.concepts))


def generator(seed: int, purpose: str, index: int) -> np.random.Generator:
    """The random numbers of one picture for one purpose; nothing else draws from them."""
    return np.random.default_rng(keyed.hash64(seed, f"miniature {purpose}", index))


def scene_of(seed: int, index: int, exponent: float = 1.0) -> Scene:
    """Picture ``index`` of the corpus ``seed``. An ``exponent`` below 1 flattens the frequencies of the concepts."""
    rng = generator(seed, "scene", index)
    background = _background(rng, exponent)
    elements = _elements(rng, background, exponent)
    long_side = int(rng.integers(*_LONG_SIDES, endpoint=True))
    aspect = _ASPECTS[rng.integers(len(_ASPECTS))]
    width, height = (long_side, round(long_side / aspect)) if aspect >= 1 else (round(long_side * aspect), long_side)
    return Scene(background, tuple(elements), width, height)


def count_concepts(seed: int, images: int) -> Counter[str]:
    """True concepts of the pictures 0 … images-1, without drawing any."""
    return Counter(concept.name for index in range(images) for concept in scene_of(seed, index).concepts)


class _Weights:
    """The concepts as arrays, for one exponent."""

    def __init__(self, exponent: float) -> None:
        raw = np.array([concept.weight for concept in CONCEPTS])
        weights = raw**exponent
        is_background = np.array([concept.family is Family.BACKGROUND for concept in CONCEPTS])
        self.background_shares = np.where(is_background, _MEAN_CONCEPTS * weights / weights.sum(), 0.0)
        self.elements = np.where(is_background, 0.0, weights)
        themes = [concept.theme for concept in CONCEPTS]
        self.of_theme = {theme: np.array([t == theme for t in themes]) for theme in set(themes) if theme}
        self.of_family = {
            family: np.array([concept.family is family for concept in CONCEPTS]) for family in _ONCE_A_PICTURE
        }
        self.with_shape = {
            shape: np.array([c.family in _SHAPELY and shape in c.parts for c in CONCEPTS]) for shape in SHAPES
        }
        self.brings = np.array([_BRINGS.get(concept.family, 1) for concept in CONCEPTS])
        self.colours = {
            shape: np.array([weights[CONCEPTS.index(BY_NAME[f"{colour} {shape}"])] for colour in COLOURS])
            for shape in SHAPES
        }


_SHAPELY = (Family.SHAPE, Family.TEXTURE, Family.COUNT, Family.RELATION)


@functools.lru_cache(maxsize=8)
def _weights(exponent: float) -> _Weights:
    return _Weights(exponent)


def _pick(rng: np.random.Generator, weights: NDArray[np.float64], total: float | None = None) -> int:
    """An index with probability ``weights / total``; ``len(weights)`` where the weights fall short of ``total``."""
    bounds = np.cumsum(weights)
    return int(np.searchsorted(bounds, rng.random() * (bounds[-1] if total is None else total), side="right"))


def _background(rng: np.random.Generator, exponent: float) -> Concept | None:
    choice = _pick(rng, _weights(exponent).background_shares, total=1.0)
    return CONCEPTS[choice] if choice < len(CONCEPTS) else None


def _elements(rng: np.random.Generator, background: Concept | None, exponent: float) -> list[Element]:
    tables = _weights(exponent)
    weights = tables.elements.copy()
    if background is not None:
        weights[tables.of_theme[background.theme]] *= _THEME_AFFINITY
    wanted = 1 + _pick(rng, np.array(_ELEMENT_COUNT_SHARES))
    room = MAX_CONCEPTS - (background is not None)
    elements: list[Element] = []
    while len(elements) < wanted or (background is None and sum(len(e.concepts) for e in elements) < 2):
        weights[tables.brings > room] = 0
        index = _pick(rng, weights)
        if index >= len(CONCEPTS):
            break  # no room for anything more
        element = _element(rng, CONCEPTS[index], tables)
        elements.append(element)
        room -= len(element.concepts)
        weights[index] = 0
        for shape in element.shapes:
            weights[tables.with_shape[shape]] = 0
        if element.concept.family in tables.of_family:
            weights[tables.of_family[element.concept.family]] = 0
    return elements


def _element(rng: np.random.Generator, concept: Concept, tables: _Weights) -> Element:
    """Settle what the concept leaves open: the colours of its shapes, by how common they are."""
    if concept.family not in _SHAPELY:
        return Element(concept)
    if concept.family is Family.SHAPE:
        return Element(concept, concept.parts[1:], concept.parts[:1])
    shapes = tuple(part for part in concept.parts if part in SHAPES)
    colours: list[str] = []
    for shape in shapes:
        weights = tables.colours[shape].copy()
        weights[[list(COLOURS).index(colour) for colour in colours]] = 0  # two shapes in relation differ in colour
        colours.append(list(COLOURS)[_pick(rng, weights)])
    return Element(concept, shapes, tuple(colours))
