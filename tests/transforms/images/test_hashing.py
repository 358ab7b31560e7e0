"""Hashes: imagehash's bits, and what they say about near copies of photographs."""

from __future__ import annotations

import io

import imagehash
import numpy as np
import pytest
from PIL import Image

from tests.transforms.images.pictures import encoded, scene
from tests.transforms.images.real_photos import needs_real_data, photo_files
from transforms.images.hashing import content_hash, hamming, perceptual_hashes
from transforms.images.preprocess import PreparedImage, Preprocessor


def thumbnails(count: int) -> np.ndarray:
    return np.stack([np.asarray(scene(32, 32, seed).convert("L")) for seed in range(count)])


def reference(grey: np.ndarray) -> int:
    return int(str(imagehash.phash(Image.fromarray(grey))), 16)


def test_bits_are_those_of_imagehash() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 32, 32), dtype=np.uint8)
    for grey in (noise, thumbnails(200)):
        hashes = perceptual_hashes(grey)
        assert hashes.dtype == np.uint64
        assert hashes.tolist() == [reference(picture) for picture in grey]


@pytest.mark.parametrize("value", [0, 1, 77, 255])
def test_a_flat_picture_has_a_hash_without_noise(value: int) -> None:
    [found] = perceptual_hashes(np.full((1, 32, 32), value, dtype=np.uint8))
    assert int(found) == (1 << 63 if value else 0)


def test_a_batch_is_as_one_by_one() -> None:
    grey = thumbnails(50)
    assert perceptual_hashes(grey).tolist() == [int(perceptual_hashes(picture[None])[0]) for picture in grey]
    assert perceptual_hashes(np.empty((0, 32, 32), dtype=np.uint8)).shape == (0,)


def test_hamming() -> None:
    first = np.array([0, 0b1011, 2**64 - 1], dtype=np.uint64)
    assert hamming(first, np.zeros(1, dtype=np.uint64)).tolist() == [0, 3, 64]
    assert hamming(first[:, None], first[None, :]).tolist() == [[0, 3, 64], [3, 0, 61], [64, 61, 0]]


def test_content_hash_is_of_every_byte() -> None:
    assert content_hash(b"") == bytes.fromhex("99aa06d3014798d86001c324468d497f")  # xxHash's own test vector
    assert content_hash(b"a") != content_hash(b"b")


def recoded(data: bytes) -> bytes:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    smaller = image.resize((round(image.width * 0.9), round(image.height * 0.9)), Image.Resampling.LANCZOS)
    return encoded(smaller, "JPEG", quality=60)


@pytest.mark.slow
@needs_real_data
def test_photographs_are_known_again_and_told_apart() -> None:
    preprocessor = Preprocessor(64)
    files = photo_files()[::2]

    def hashes(data: list[bytes]) -> np.ndarray:
        images = [preprocessor(item) for item in data]
        return perceptual_hashes(np.stack([image.thumbnail for image in images if isinstance(image, PreparedImage)]))

    originals = hashes(files)
    copies = hashes([recoded(data) for data in files])
    assert (hamming(originals, copies) <= 4).mean() >= 0.95
    between = hamming(originals[:, None], originals[None, :])[np.triu_indices(len(files), k=1)]
    assert (between <= 4).sum() == 0
