"""Hashes of images: of the bytes, for exact copies, and of how they look, for near copies.

Shape legend: N images.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

HASHED_SIDE = 32  # of the thumbnail that is hashed
_LOW = 8
_DECIMALS = 4  # far above what float64 leaves of a zero (1e-8), far below what sets two real pictures apart


def content_hash(data: bytes) -> bytes:
    """xxh3-128 of the bytes of a file, 16 bytes, most significant first."""
    return xxhash.xxh3_128_digest(data)


def _dct_rows() -> NDArray[np.float64]:
    """(8, 32): the eight lowest frequencies of the DCT-II of 32 samples, scaled as in scipy.fftpack."""
    frequency = np.arange(_LOW)[:, None]
    sample = np.arange(HASHED_SIDE)[None, :]
    return np.asarray(2 * np.cos(np.pi * frequency * (2 * sample + 1) / (2 * HASHED_SIDE)))


_DCT = _dct_rows()


def perceptual_hashes(grey: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(N, 32, 32) grey thumbnails → (N,) pHash: which of the 8 × 8 lowest frequencies lie above their median.

    The bits are those of ``imagehash.phash`` (Zauner 2010, https://www.phash.org/docs/pubs/thesis_zauner.pdf): row by
    row, the constant term first, in the most significant bit. Frequencies are rounded before they are compared, so that
    those which are zero but for rounding (flat pictures, drawings) give the same bits on every machine.
    """
    low = (_DCT @ grey.astype(np.float64) @ _DCT.T).reshape(len(grey), _LOW * _LOW).round(_DECIMALS)
    above = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(above, axis=1).view(">u8").astype(np.uint64).reshape(len(grey))


def hamming(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Number of bits in which two arrays of hashes differ, with broadcasting: 0 to 64."""
    distance: NDArray[Any] = np.bitwise_count(np.bitwise_xor(first, second))
    return distance.astype(np.uint8, copy=False)
