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
from transforms.miniature.pictures.drawing import draw, encode_jpeg
from transforms.miniature.pictures.scenes import Element, Scene, generator
from transforms.miniature.questions import NAMEABLE

#: What can stand beside other things, commonest first.
THINGS = tuple(concept for concept in NAMEABLE if concept.family in (Family.SHAPE, Family.OBJECT))
COMMON = THINGS[: len(THINGS) // 10]
_COMPANION_SHARE = 0.8
_SIDE_PIXELS, _QUALITY = 112, 90


class ListedScene(NamedTuple):
    jpeg: bytes
    caption: str  # the names of all things, in an order by chance
    names: tuple[str, ...]


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
    names = [thing.name for thing in things]
    caption = ", ".join(names[place] for place in rng.permutation(len(names)))
    scene = Scene(None, tuple(_element(thing) for thing in things), _SIDE_PIXELS, _SIDE_PIXELS)
    return ListedScene(encode_jpeg(draw(scene, rng), _QUALITY), caption, tuple(names))


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
