"""Whether two pictures are one: grey squares of them, laid over one another, patch by patch.

A perceptual hash tells layout. Charts and documents of one template share it and differ in a bar, a digit or a word:
in a few patches, and there by much, where re-encoding and resizing change every patch by little.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image
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
_GLANCE_SIDE = 48
_TRIED_SIDE = 32
_TUNED_SIDES = (96, 192)
#: Grey levels in the mean beyond which a search is given up, after the first tries and after the tuning at each side.
#: Of the corpus's 100 crops 11 and 2.9 at most; of 203 pairs of two pictures 3.5 at the least, and mostly 28 and more.
_MOST_APART = (14.0, 4.0, 4.0)
_FIRST_STEP, _LAST_STEP = 4.0, 0.25  # pixels of the tuned side


def grey_square(image: DecodedImage, side: int) -> Grey:
    """(s, s), whatever the picture's shape, and no larger than it is: s ≤ side."""
    return grey_thumbnail(image, min(side, max(image.width, image.height)))


def is_one(first: Grey, second: Grey, max_patch_difference: float, may_be_cropped: bool) -> bool:
    """Two squares of two pictures; of the same picture where every patch of them agrees."""
    side = min(len(first), len(second))
    one, other = _of_side(first, side), _of_side(second, side)
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


def _laid_over(first: Grey, second: Grey, side: int) -> Iterator[tuple[Grey, Grey]]:
    """Either as a crop of the other: what is left of the whole, and the piece, of one size."""
    for whole, piece in ((first, second), (second, first)):
        cut = _best_cut(whole, piece)
        if cut is not None:
            yield _without(whole, cut, side), _of_side(piece, side)


def _best_cut(whole: Grey, piece: Grey) -> Cut | None:
    """What was cut away of ``whole``, as far as ``piece`` tells; None where nothing is likely to have been."""
    small = _of_side(piece, _TRIED_SIDE)
    rough = _of_side(whole, 2 * _TRIED_SIDE)
    cuts: Iterator[Cut] = product(_STEPS_OF_CUT, _STEPS_OF_CUT, _STEPS_OF_CUT, _STEPS_OF_CUT)
    tried = {cut: _apart(rough, cut, small) for cut in cuts}
    cut = min(tried, key=lambda one: (tried[one], one))
    if tried[cut] > _MOST_APART[0]:
        return None
    step = _FIRST_STEP / _TUNED_SIDES[0]
    for side, most in zip(_TUNED_SIDES, _MOST_APART[1:], strict=True):
        small = _of_side(piece, side)
        least = _apart(whole, cut, small)
        while step >= _LAST_STEP / side:
            better = min(((_apart(whole, other, small), other) for other in _beside(cut, step)), default=(least, cut))
            if better[0] < least:
                least, cut = better
            else:
                step /= 2
        if least > most:
            return None
        step *= 4
    return cut if any(cut) else None


def _beside(cut: Cut, step: float) -> Iterator[Cut]:
    for edge in range(4):
        for moved in (cut[edge] - step, cut[edge] + step):
            if 0 <= moved <= _MOST_CUT:
                yield (*cut[:edge], moved, *cut[edge + 1 :])  # type: ignore[misc]


def _apart(whole: Grey, cut: Cut, piece: Grey) -> float:
    return float(np.abs(_without(whole, cut, len(piece)).astype(np.int16) - piece).mean())


def _without(whole: Grey, cut: Cut, side: int) -> Grey:
    wide = len(whole)
    box = (cut[0] * wide, cut[1] * wide, (1 - cut[2]) * wide, (1 - cut[3]) * wide)
    return np.asarray(Image.fromarray(whole).resize((side, side), Image.Resampling.BILINEAR, box))


def _of_side(grey: Grey, side: int) -> Grey:
    return grey if len(grey) == side else _without(grey, (0, 0, 0, 0), side)
