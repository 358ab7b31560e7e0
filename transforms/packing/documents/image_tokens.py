"""Patches and tokens of images and videos, from their sizes alone, exactly as the image processor will make them.

The rule is ``smart_resize`` of transformers' Qwen2VLImageProcessor with patches of 14 pixels, merged two by two, and
a temporal patch of one frame: https://github.com/huggingface/transformers,
``models/qwen2_vl/image_processing_qwen2_vl.py``. (The copy in qwen_vl_utils differs for very thin images.) The
arithmetic below keeps its order of operations in float64, so that every rounding falls alike.

Shape legend: N images or videos.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

PATCH_PIXELS = 14  # side of a patch
MERGE = 2  # patches to a side of a token
FACTOR_PIXELS = PATCH_PIXELS * MERGE  # sides become multiples of this
MAX_ASPECT_RATIO = 200  # above it the processor raises ValueError


class PixelLimits(NamedTuple):
    """Least and most pixels of an image or of one frame, after resizing."""

    min_pixels: int
    max_pixels: int


#: preprocessor_config.json of the released models.
IMAGE_LIMITS = PixelLimits(56 * 56, 1600 * 1600)
#: Defaults of transformers' Qwen2VLVideoProcessor, for each frame.
VIDEO_LIMITS = PixelLimits(128 * 28 * 28, 768 * 28 * 28)


def is_measurable(widths: ArrayLike, heights: ArrayLike) -> NDArray[np.bool_]:
    """(N,) sizes → (N,) bool: False where the processor would refuse the image, being empty or over 200 times as
    long as it is wide."""
    widths, heights = np.asarray(widths, np.int64), np.asarray(heights, np.int64)
    short, long = np.minimum(widths, heights), np.maximum(widths, heights)
    return np.asarray((short > 0) & (long / np.maximum(short, 1) <= MAX_ASPECT_RATIO))


def resized(widths: ArrayLike, heights: ArrayLike, limits: PixelLimits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) widths and heights → the same after resizing, multiples of 28. Raises ValueError for a size that is not
    measurable."""
    widths, heights = np.atleast_1d(np.asarray(widths, np.int64)), np.atleast_1d(np.asarray(heights, np.int64))
    if not (fine := is_measurable(widths, heights)).all():
        first = int(np.flatnonzero(~fine)[0])
        raise ValueError(
            f"an image of {widths[first]}x{heights[first]} pixels cannot be resized: sides must be positive and the "
            f"absolute aspect ratio must be smaller than {MAX_ASPECT_RATIO}"
        )
    # np.rint rounds half to even, as Python's round does
    new_widths = np.rint(widths / FACTOR_PIXELS).astype(np.int64) * FACTOR_PIXELS
    new_heights = np.rint(heights / FACTOR_PIXELS).astype(np.int64) * FACTOR_PIXELS
    pixels = new_widths * new_heights
    large, small = pixels > limits.max_pixels, pixels < limits.min_pixels
    shrink = np.sqrt((heights * widths) / limits.max_pixels)
    grow = np.sqrt(limits.min_pixels / (heights * widths))
    sides = []
    for side, near in ((widths, new_widths), (heights, new_heights)):
        shrunk = np.maximum(FACTOR_PIXELS, np.floor(side / shrink / FACTOR_PIXELS).astype(np.int64) * FACTOR_PIXELS)
        grown = np.ceil(side * grow / FACTOR_PIXELS).astype(np.int64) * FACTOR_PIXELS
        sides.append(np.where(large, shrunk, np.where(small, grown, near)))
    return sides[0], sides[1]


def grids(widths: ArrayLike, heights: ArrayLike, limits: PixelLimits, frames: ArrayLike = 1) -> NDArray[np.int64]:
    """(N,) sizes → (N, 3) rows (frames, patches high, patches wide), the processor's ``grid_thw``.

    A frame of a video is resized as an image and makes its own patches. Raises ValueError as :func:`resized` does.
    """
    new_widths, new_heights = resized(widths, heights, limits)
    times = np.broadcast_to(np.asarray(frames, np.int64), new_widths.shape)
    return np.stack([times, new_heights // PATCH_PIXELS, new_widths // PATCH_PIXELS], axis=1)


def num_patches(grid_thw: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, 3) → (N,) patches, the rows of ``pixel_values``."""
    return np.asarray(grid_thw.reshape(-1, 3).prod(axis=1), np.int64)


def num_tokens(grid_thw: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, 3) → (N,) placeholder tokens in the text: one for each block of two by two patches."""
    return num_patches(grid_thw) // MERGE**2
