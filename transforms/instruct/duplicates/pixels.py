"""Whether two pictures are one: grey squares of them, laid over one another, patch by patch.

A perceptual hash tells layout. Charts and documents of one template share it and differ in a bar, a digit or a word:
in a few patches, and there by much, where re-encoding and resizing change every patch by little.
"""

from __future__ import annotations

import operator
import zlib
from collections.abc import Iterator
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from scipy import ndimage

from transforms.images.decode import DecodedImage
from transforms.images.thumbnail import grey_thumbnail

Grey = NDArray[np.uint8]
Cut = tuple[float, float, float, float]  # parts of the sides of a picture that are left out: left, top, right, bottom

#: Pixels of a side. Of the drawn corpus's 7,400 pairs within 4 bits that are two pictures, the worst patch of 192
#: differs by 13 grey levels and more (charts), 28 (documents); that of 160 re-encoded or resized ones by 4.5 at most.
COARSE_SIDE = 192
#: Those that agree there are looked at again as far as their pixels reach: a digit of a large scan takes few of 192.
FINE_SIDE = 768
#: Grey levels in the mean, over all: 1.3 at most for the 160, where a picture drawn in another tint has more.
_MOST_MEAN = 1.6
_MOST_MEAN_CROPPED = 3.0  # what is left of a crop was resampled by parts of a pixel
_PATCH = 7  # pixels: a letter of a small picture
_BLUR = 1.0  # pixels, of what JPEG does along edges
_SLIP = 3  # pixels: one to each side that an edge may have moved
_MOST_CUT = 0.12  # of one side
_STEPS_OF_CUT = (0.0, 0.04, 0.08)  # tried first
_TRIED: tuple[Cut, ...] = tuple((a, b, c, d) for a, b, c, d in product(_STEPS_OF_CUT, repeat=4))
_GLANCE_SIDE = 48
_TRIED_SIDE = 32
_TUNED_SIDES = (96, 192)
#: Grey levels in the mean beyond which a search is given up, after the first tries and after the tuning at each side.
#: Of the corpus's 100 crops 11 and 2.9 at most; of 203 pairs of two pictures 3.5 at the least, and mostly 28 and more.
_MOST_APART = (14.0, 4.0, 4.0)
_BILINEAR = Image.Resampling.BILINEAR
_FIRST_STEP, _LAST_STEP = 4.0, 0.25  # pixels of the tuned side


def grey_square(image: DecodedImage, side: int) -> Grey:
    """(s, s), whatever the picture's shape, and no larger than it is: s ≤ side."""
    return grey_thumbnail(image, min(side, max(image.width, image.height)))


class Square:
    """A grey square of a picture, to be compared with many: what all comparing asks of it is made once."""

    def __init__(self, grey: Grey) -> None:
        self.grey = grey
        self.image = Image.fromarray(grey)
        self._small: dict[int, Image.Image] = {}

    @property
    def most_bytes(self) -> int:
        """With all that may be made of it."""
        return 3 * self.grey.size + (len(_TRIED) + 4) * _TRIED_SIDE**2 + sum(side**2 for side in _TUNED_SIDES)

    @cached_property
    def packed(self) -> bytes:
        """Row by row, compressed."""
        return zlib.compress(self.grey.tobytes(), 1)

    def small(self, side: int) -> Image.Image:
        """(side, side)"""
        if side not in self._small:
            self._small[side] = Image.fromarray(_of_side(self.grey, side))
        return self._small[side]

    @cached_property
    def tried(self) -> NDArray[np.uint8]:
        """(81, 32, 32): what is left at the cuts that are tried first."""
        side, wide = _TRIED_SIDE, 2 * _TRIED_SIDE
        rough = self.small(wide)
        boxes = [_box(wide, (before, before, after, after)) for before, after in product(_STEPS_OF_CUT, repeat=2)]
        across = [rough.resize((side, wide), _BILINEAR, (box[0], 0, box[2], wide)) for box in boxes]
        strip = Image.fromarray(np.concatenate(list(map(np.asarray, across)), axis=1))  # each is squeezed by itself
        made = [strip.resize((strip.width, side), _BILINEAR, (0, box[1], strip.width, box[3])) for box in boxes]
        steps = len(_STEPS_OF_CUT)
        found = np.stack(list(map(np.asarray, made))).reshape(steps, steps, side, steps, steps, side)
        return found.transpose(3, 0, 4, 1, 2, 5).reshape(-1, side, side)  # left, top, right, bottom, as _TRIED has it


def is_one(first: Square, second: Square, max_patch_difference: float, may_be_cropped: bool) -> bool:
    """Two squares of two pictures; of the same picture where every patch of them agrees."""
    side = min(len(first.grey), len(second.grey))
    one, other = _of_side(first.grey, side), _of_side(second.grey, side)
    if agree(one, other, max_patch_difference):
        return True
    return may_be_cropped and any(
        agree(*laid, max_patch_difference, _MOST_MEAN_CROPPED) for laid in _laid_over(first, second, side)
    )


def agree(one: Grey, other: Grey, max_patch_difference: float, max_mean: float = _MOST_MEAN) -> bool:
    """Two squares of one size: everywhere, and in every patch."""
    if np.abs(_of_side(one, _GLANCE_SIDE).astype(np.int16) - _of_side(other, _GLANCE_SIDE)).mean() > max_mean:
        return False  # nearly all that are not one: means of larger patches differ by less than pixels do
    first, second = (ndimage.gaussian_filter(grey.astype(np.float32), _BLUR) for grey in (one, other))
    if np.abs(first - second).mean() > max_mean:
        return False
    apart = np.maximum(_beyond(first, second), _beyond(second, first))
    return bool(ndimage.uniform_filter(apart, _PATCH).max() <= max_patch_difference)


def _beyond(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """By how much each pixel of ``one`` is lighter or darker than all that lie about the same place of ``other``."""
    lighter = one - ndimage.maximum_filter(other, _SLIP)
    darker = ndimage.minimum_filter(other, _SLIP) - one
    return np.asarray(np.maximum(np.maximum(lighter, darker), 0), np.float32)


def _laid_over(first: Square, second: Square, side: int) -> Iterator[tuple[Grey, Grey]]:
    """Either as a crop of the other: what is left of the whole, and the piece, of one size."""
    for whole, piece in ((first, second), (second, first)):
        cut = _best_cut(whole, piece)
        if cut is not None:
            yield _without(whole.grey, cut, side), _of_side(piece.grey, side)


def _best_cut(whole: Square, piece: Square) -> Cut | None:
    """What was cut away of ``whole``, as far as ``piece`` tells; None where nothing is likely to have been."""
    differences = np.subtract(whole.tried, np.asarray(piece.small(_TRIED_SIDE)), dtype=np.int16)
    tried = np.abs(differences).mean((1, 2))
    best = int(tried.argmin())  # the first of equal ones, which is the least cut
    if tried[best] > _MOST_APART[0]:
        return None
    cut = _TRIED[best]
    step = _FIRST_STEP / _TUNED_SIDES[0]
    for side, most in zip(_TUNED_SIDES, _MOST_APART[1:], strict=True):
        laying = _Laying(whole, piece, side)
        least = laying.apart(cut)
        while step >= _LAST_STEP / side:
            better = min(((laying.apart(other), other) for other in _beside(cut, step)), default=(least, cut))
            if better[0] < least:
                least, cut = better
            else:
                step /= 2
        if least > most:
            return None
        step *= 4
    return cut if any(cut) else None


class _Laying:
    """A piece laid over what cuts leave of a whole, each squeezed into ``side`` pixels.

    First across and then down, as Pillow does both in one: cuts that differ in one edge have half of it in common.
    """

    def __init__(self, whole: Square, piece: Square, side: int) -> None:
        self._whole, self._piece, self._side = whole, piece.small(side), side
        self._across: dict[tuple[float, float], Image.Image] = {}

    def apart(self, cut: Cut) -> float:
        """Grey levels in the mean."""
        left, top, right, bottom = _box(len(self._whole.grey), cut)
        if (left, right) not in self._across:
            whole = self._whole.image
            self._across[left, right] = whole.resize(
                (self._side, whole.height), _BILINEAR, (left, 0, right, whole.height)
            )
        across = self._across[left, right]
        made = across.resize((self._side, self._side), _BILINEAR, (0, top, self._side, bottom))
        counts = ImageChops.difference(made, self._piece).histogram()
        return float(sum(map(operator.mul, counts, range(256))) / self._side**2)


def _beside(cut: Cut, step: float) -> Iterator[Cut]:
    for edge in range(4):
        for moved in (cut[edge] - step, cut[edge] + step):
            if 0 <= moved <= _MOST_CUT:
                yield (*cut[:edge], moved, *cut[edge + 1 :])  # type: ignore[misc]


def _without(whole: Grey, cut: Cut, side: int) -> Grey:
    return np.asarray(Image.fromarray(whole).resize((side, side), _BILINEAR, _box(len(whole), cut)))


def _box(wide: int, cut: Cut) -> tuple[float, float, float, float]:
    return cut[0] * wide, cut[1] * wide, (1 - cut[2]) * wide, (1 - cut[3]) * wide


def _of_side(grey: Grey, side: int) -> Grey:
    return grey if len(grey) == side else _without(grey, (0, 0, 0, 0), side)
