"""Hashes of a benchmark's picture lie near those of what is made of it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pixels

from tests.transforms.instruct.decontaminating.small_benchmark import chart, encoded
from transforms.images.hashing import HASHED_SIDE, perceptual_hashes
from transforms.images.thumbnail import grey_thumbnail
from transforms.instruct.decontaminating.pictures import (
    LONGEST,
    decoded,
    fine_distance,
    fine_hash,
    looks_of,
    picture_of,
)


def _looks(image: Pixels.Image) -> int:
    found = decoded(encoded(image))
    assert found is not None
    return int(perceptual_hashes(grey_thumbnail(found, HASHED_SIDE)[None])[0])


@pytest.mark.parametrize("part", [0.0, 0.05, 0.1, 0.2])
def test_a_crop_is_near_a_variant(part: float) -> None:
    image = chart(3)
    found = decoded(encoded(image))
    assert found is not None
    left, top = round(image.width * part / 2), round(image.height * part / 2)
    crop = image.crop((left, top, image.width - left, image.height - top))
    assert np.bitwise_count(looks_of(found).variants ^ np.uint64(_looks(crop))).min() <= 6


def test_the_first_variant_is_the_hash_of_rows() -> None:
    found = decoded(encoded(chart(3)))
    assert found is not None
    assert int(looks_of(found).variants[0]) == _looks(chart(3))


def test_a_small_copy_keeps_its_shape_and_its_size_of_old() -> None:
    picture = picture_of(decoded(encoded(chart(1, (240, 160)).resize((1200, 800)))))  # type: ignore[arg-type]
    small = picture.small()
    assert max(small.grey.shape) == LONGEST and (small.width, small.height) == (1200, 800)
    assert small.small() is small


def test_a_part_begins_where_it_is_said() -> None:
    picture = picture_of(decoded(encoded(chart(1))))  # type: ignore[arg-type]
    part = picture.resized(100, 50, at=(20, 30), scale=(1.0, 1.0))
    assert np.array_equal(part, picture.grey[30:80, 20:120])


def test_fine_hashes_tell_charts_apart() -> None:
    one, same, other = (picture_of(decoded(data)) for data in (  # type: ignore[arg-type]
        encoded(chart(1)), encoded(chart(1), 60), encoded(chart(2))
    ))  # fmt: skip
    assert fine_hash(one).shape == (128,)
    assert fine_distance(fine_hash(one), fine_hash(same)) < 64 < fine_distance(fine_hash(one), fine_hash(other))


def test_what_is_no_picture() -> None:
    assert decoded(b"no picture") is None
