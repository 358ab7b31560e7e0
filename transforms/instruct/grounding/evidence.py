"""What speaks for each convention of boxes whose source does not declare one: how many would lie in their pictures.

Shape legend: N boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from transforms.instruct.grounding.conventions import ORDERS, Convention, Pictures, to_upright
from transforms.packing.documents.image_tokens import IMAGE_LIMITS, is_measurable, resized

_TOLERANCE = 0.002  # of a side: one of three decimals, or one of a thousand parts, rounded the wrong way
#: A convention is likely when nearly all boxes lie inside, and not all of them in a corner, as they do when parts of
#: one are taken for parts of a thousand.
_LIKELY_INSIDE, _LIKELY_REACH = 0.99, 0.7
_REACH_QUANTILE = 0.95
_ANY_SIZE = (1000, 1000)  # of a picture that is not at hand: parts of a side lie inside it whatever its size


@dataclass(frozen=True)
class Candidate:
    """``boxes`` were judged; of these the share ``inside`` is ordered and lies in its picture.

    ``reach``: how far right or down they go, in parts of the picture, at the 95th percentile.
    """

    convention: Convention
    boxes: int
    inside: float
    reach: float

    @property
    def is_likely(self) -> bool:
        return self.boxes > 0 and self.inside >= _LIKELY_INSIDE and self.reach >= _LIKELY_REACH


def describe(candidate: Candidate) -> str:
    """``0-1 xyxy upright``"""
    convention = candidate.convention
    return f"{convention.unit} {convention.order} {convention.frame}"


def weigh(boxes: ArrayLike, sizes: ArrayLike, orientations: ArrayLike) -> list[Candidate]:
    """(N, 4) numbers, (N, 2) upright sizes (0 where unknown) and (N,) EXIF orientations → candidates, best first.

    Pixels and padded squares are judged on boxes whose picture is at hand, the rest on all. A stored frame is a
    candidate only where a picture is turned, a padded one only where one is not square, a resized one only where the
    processor changes a size: else they equal upright.
    """
    numbers = np.asarray(boxes, np.float64).reshape(-1, 4)
    known_sizes = np.asarray(sizes, np.int64).reshape(-1, 2)
    turns = np.broadcast_to(np.asarray(orientations, np.int64), len(numbers))
    is_known = np.asarray((known_sizes > 0).all(axis=1))
    found = []
    for convention in _conventions(known_sizes[is_known], turns[is_known]):
        needs_size = convention.unit == "pixels" or convention.frame != "upright"
        judged = is_known if needs_size else np.ones(len(numbers), np.bool_)
        if convention.frame == "smart_resized":
            judged = judged & is_measurable(known_sizes[:, 0], known_sizes[:, 1])
        pictures = Pictures.of(np.where(is_known[:, None], known_sizes, _ANY_SIZE)[judged], turns[judged])
        found.append(_weighed(numbers[judged], convention, pictures))
    return sorted(found, key=lambda one: (not one.is_likely, -one.inside * (one.boxes > 0), -one.reach))


def _conventions(sizes: NDArray[np.int64], orientations: NDArray[np.int64]) -> Iterator[Convention]:
    for order in ORDERS:
        for unit in ("0-1", "0-1000", "pixels"):
            yield Convention(unit, order, "upright")
            if (orientations != 1).any():
                yield Convention(unit, order, "stored")
            if (sizes[:, 0] != sizes[:, 1]).any():
                yield Convention(unit, order, "padded_square")
        if _is_resized(sizes):
            yield Convention("pixels", order, "smart_resized")


def _is_resized(sizes: NDArray[np.int64]) -> bool:
    """Whether Qwen2.5-VL's processor would change one of (N, 2) sizes, and would take any."""
    taken = sizes[is_measurable(sizes[:, 0], sizes[:, 1])]
    widths, heights = resized(taken[:, 0], taken[:, 1], IMAGE_LIMITS)
    return bool((np.stack([widths, heights], axis=1) != taken).any())


def _weighed(boxes: NDArray[np.float64], convention: Convention, pictures: Pictures) -> Candidate:
    if not len(boxes):
        return Candidate(convention, 0, 0.0, 0.0)
    parts = to_upright(boxes, convention, pictures) / np.tile(pictures.sizes, 2)
    ordered = (parts[:, :2] < parts[:, 2:]).all(axis=1)
    within = ((parts >= -_TOLERANCE) & (parts <= 1 + _TOLERANCE)).all(axis=1)
    reach = float(np.quantile(parts.max(axis=1), _REACH_QUANTILE))
    return Candidate(convention, len(boxes), float((ordered & within).mean()), reach)
