"""The thumbnail shows the whole picture as it is seen, also where a JPEG was decoded smaller."""

from __future__ import annotations

import numpy as np
import pytest

from tests.transforms.images.pictures import encoded, scene
from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.images.hashing import hamming, perceptual_hashes
from transforms.images.thumbnail import grey_thumbnail


def decoded(data: bytes, least_side: int | None = None) -> DecodedImage:
    image = decode(data, DecodeSettings(), least_side)
    assert isinstance(image, DecodedImage)
    return image


@pytest.mark.parametrize("size", [(640, 480), (301, 517), (40, 900)])
def test_a_jpeg_decoded_smaller_looks_alike(size: tuple[int, int]) -> None:
    data = encoded(scene(*size), "JPEG", quality=90)
    whole, small = grey_thumbnail(decoded(data), 32), grey_thumbnail(decoded(data, 64), 32)
    assert whole.shape == small.shape == (32, 32) and whole.dtype == np.uint8
    assert np.abs(whole.astype(int) - small.astype(int)).mean() < 2
    assert hamming(perceptual_hashes(whole[None]), perceptual_hashes(small[None])).max() <= 4


def test_all_of_it_is_seen() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32] = 255
    thumbnail = grey_thumbnail(decoded(encoded(scene(64, 64), "PNG"))._replace(rgb=pixels), 8)
    assert (thumbnail[:3] == 255).all() and (thumbnail[5:] == 0).all()
