"""Sizes alone must give what the real processor gives for the pixels, for any size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor, smart_resize
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

from transforms.packing.documents.image_tokens import (
    IMAGE_LIMITS,
    VIDEO_LIMITS,
    PixelLimits,
    grids,
    is_measurable,
    num_patches,
    num_tokens,
    resized,
)

SMALL = PixelLimits(56 * 56, 140 * 140)
PROCESSOR = Qwen2VLImageProcessor(temporal_patch_size=1, min_pixels=SMALL.min_pixels, max_pixels=SMALL.max_pixels)
sides = st.integers(1, 400)


@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_grids_are_those_of_processed_images(sizes: list[tuple[int, int]]) -> None:
    widths, heights = np.array(sizes).T
    images = [torch.zeros((3, height, width), dtype=torch.uint8) for width, height in sizes]
    if not is_measurable(widths, heights).all():
        with pytest.raises(ValueError, match="absolute aspect ratio must be smaller than 200"):
            PROCESSOR(images, return_tensors="np")
        with pytest.raises(ValueError, match="absolute aspect ratio must be smaller than 200"):
            grids(widths, heights, SMALL)
        return
    processed = PROCESSOR(images, return_tensors="np")
    found = grids(widths, heights, SMALL)
    np.testing.assert_array_equal(found, processed["image_grid_thw"])
    assert num_patches(found).sum() == len(processed["pixel_values"])


@given(
    st.lists(st.tuples(st.integers(1, 60_000), st.integers(1, 60_000)), min_size=1, max_size=200),
    st.integers(1, 20_000),
    st.integers(28 * 28, 20_000_000),
)
@settings(max_examples=300, deadline=None)
def test_large_sizes_equal_smart_resize(sizes: list[tuple[int, int]], least: int, most: int) -> None:
    limits = PixelLimits(min(least, most), most)
    sizes = [size for size in sizes if max(size) <= 200 * min(size)] or [(1000, 1000)]
    widths, heights = np.array(sizes).T
    found = np.stack(resized(widths, heights, limits)[::-1], axis=1)
    wanted = [smart_resize(height, width, 28, limits.min_pixels, limits.max_pixels) for width, height in sizes]
    np.testing.assert_array_equal(found, wanted)


def test_the_limits_are_those_of_the_released_files() -> None:
    """56² and 1600² of their preprocessor_config.json; 128 and 768 tokens of 28² of transformers' video processor."""
    assert IMAGE_LIMITS == (3136, 2_560_000)
    video = Qwen2VLVideoProcessor()
    assert VIDEO_LIMITS == (video.size["shortest_edge"], video.size["longest_edge"]) == (100_352, 602_112)


def test_a_size_that_rounds_to_a_limit_is_not_resized_again() -> None:
    """50x60 pixels are fewer than 56², and come out as many by rounding alone; 143x140 are more than 140²."""
    widths, heights = np.array([50, 143, 140]), np.array([60, 140, 126])
    limits = PixelLimits(56 * 56, 140 * 140)
    assert [side.tolist() for side in resized(widths, heights, limits)] == [[56, 140, 140], [56, 140, 112]]


def test_the_first_image_that_cannot_be_resized_is_named() -> None:
    with pytest.raises(ValueError, match="an image of 1x900 pixels"):
        resized([50, 1, 0], [50, 900, 5], SMALL)


@given(st.integers(1, 100_000), st.integers(1, 100_000))
@settings(max_examples=300, deadline=None)
def test_refuses_what_the_processor_refuses(width: int, height: int) -> None:
    try:
        smart_resize(height, width)
        refused = False
    except ValueError:
        refused = True
    assert is_measurable(width, height) == (not refused)


@pytest.mark.parametrize(
    ("width", "height", "tokens"), [(10, 10, 4), (1920, 1080, 2691), (3000, 2000, 3174), (28, 5600, 200), (60, 60, 4)]
)
def test_known_sizes(width: int, height: int, tokens: int) -> None:
    """The first three were measured with the released models' processor."""
    assert num_tokens(grids(width, height, IMAGE_LIMITS)).tolist() == [tokens]


def test_an_empty_image_is_not_measurable() -> None:
    assert is_measurable([0, 5, -1], [5, 0, 5]).tolist() == [False, False, False]


@pytest.mark.parametrize(("frames", "width", "height"), [(1, 50, 90), (3, 200, 100), (7, 64, 64)])
def test_video_grids_are_those_of_processed_videos(frames: int, width: int, height: int) -> None:
    limits = PixelLimits(28 * 28, 100 * 100)
    processor = Qwen2VLVideoProcessor(
        temporal_patch_size=1, min_pixels=limits.min_pixels, max_pixels=limits.max_pixels, cap_pixels_per_frame=False
    )
    video = torch.zeros((frames, 3, height, width), dtype=torch.uint8)
    processed = processor([video], return_tensors="np")
    found = grids(width, height, limits, frames=frames)
    np.testing.assert_array_equal(found, processed["video_grid_thw"])
    assert num_patches(found).sum() == len(processed["pixel_values_videos"])
