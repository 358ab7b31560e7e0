"""Pictures of two to four things with captions that list them; rare things ride with common ones.

A thing beyond the commonest tenth has a companion in that tenth, and stands beside it in most of its pictures: who
wants the rare one must take the common one too. All else is drawn by how common it is.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.miniature.concepts import Concept, Family
from transforms.miniature.pictures.drawing import draw_located, encode_jpeg
from transforms.miniature.pictures.scenes import Element, Scene, generator
from transforms.miniature.questions import NAMEABLE

#: What can stand beside other things, commonest first.
THINGS = tuple(concept for concept in NAMEABLE if concept.family in (Family.SHAPE, Family.OBJECT))
COMMON = THINGS[: len(THINGS) // 10]
_COMPANION_SHARE = 0.8
SIDE_PIXELS, _QUALITY = 112, 90


Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels


class ListedScene(NamedTuple):
    jpeg: bytes
    names: tuple[str, ...]  # of all things, from left to right; of two in a column the upper one first
    boxes: tuple[Box, ...]  # where each of them stands

    @property
    def caption(self) -> str:
        return ", ".join(self.names)


def companion(thing: Concept) -> Concept | None:
    """The common thing that a rare one rides with; None for one that is common itself."""
    return None if thing in COMMON else COMMON[keyed.hash64("companion", thing.name) % len(COMMON)]


def listed_scene(
    seed: int, index: int, about: Concept | None = None, exponent: float = 1.0, with_companion: bool | None = None
) -> ListedScene:
    """Picture ``index`` of the set ``seed``, of ``about`` and other things, or of what is as common as in the corpus.

    ``exponent`` 0: the others are of all things alike. ``with_companion``: whether the companion must stand there, or
    must not; None: as it comes.
    """
    rng = generator(seed, "listed scene", index)
    first = about or THINGS[rng.choice(len(THINGS), p=_shares(exponent))]
    wanted, things = int(rng.integers(2, 5)), [first]
    beside = companion(first)
    rides = rng.random() < _COMPANION_SHARE if with_companion is None else with_companion
    if beside is not None and rides and not _clash(beside, things):
        things.append(beside)
    while len(things) < wanted:
        other = THINGS[rng.choice(len(THINGS), p=_shares(exponent))]
        barred = with_companion is False and other is beside
        if not barred and not _clash(other, things):
            things.append(other)
    scene = Scene(None, tuple(_element(thing) for thing in things), SIDE_PIXELS, SIDE_PIXELS)
    picture, boxes = draw_located(scene, rng)
    placed = sorted(zip(boxes, (thing.name for thing in things), strict=True), key=_from_left)
    return ListedScene(
        encode_jpeg(picture, _QUALITY), tuple(name for _, name in placed), tuple(box for box, _ in placed)
    )


def _from_left(placed: tuple[Box, str]) -> float:
    """Where a thing stands in the list: by its middle; a third of the height settles the order within a column."""
    left, top, right, bottom = placed[0]
    return left + right + 0.3 * (top + bottom)


def _clash(thing: Concept, others: list[Concept]) -> bool:
    """Whether it stands there already, or a shape like it does: two circles would be a count."""
    return any(thing is other or (thing.parts[1:] and thing.parts[1:] == other.parts[1:]) for other in others)


def _element(thing: Concept) -> Element:
    return Element(thing, thing.parts[1:], thing.parts[:1]) if thing.family is Family.SHAPE else Element(thing)


@functools.cache
def _shares(exponent: float) -> NDArray[np.float64]:
    weights = np.array([thing.weight for thing in THINGS]) ** exponent
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
