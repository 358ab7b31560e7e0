"""Pictures as decontamination looks at them: grey, their hashes, and those of what is commonly made of them.

Shape legend: h, w a picture as seen; V variants of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.images.hashing import HASHED_SIDE, perceptual_hashes
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault
from transforms.images.thumbnail import grey_thumbnail

LONGEST = 256  # pixels of the longer side of a picture that is compared, place by place
_ANY_SIZE = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)

#: Parts of width and height that are cut off a benchmark's picture before it is hashed: a row that shows what is left
#: has a hash nearby. On 150 drawings every crop up to 0.2 about the middle was within 6 bits of one of these, where
#: the hash of the whole picture was 24 bits away.
_CROPPED = (0.04, 0.08, 0.12, 0.16, 0.2)
_CROPPED_ASIDE = (0.05, 0.1, 0.15, 0.2)
_SIDES = tuple((x, y) for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0) if (x, y) != (0.5, 0.5))
#: Parts of the height that a banner hides, at the bottom or at the top, dark or light: likewise within 6 bits.
_HIDDEN = (0.08, 0.16, 0.24, 0.32)
_BANNERS = (16, 240)
_COPY_SIDE = 128  # pixels of the copies that variants and fine hashes are made of
_FINE = 32  # frequencies a side of a fine hash, 1,024 in all
_DECIMALS = 4  # as of the hashes of rows


class Picture(NamedTuple):
    """``grey`` (h, w) uint8, upright; ``width`` and ``height`` those of the original, of which it may be a smaller
    copy."""

    grey: NDArray[np.uint8]
    width: int
    height: int

    def resized(
        self, width: int, height: int, at: tuple[float, float] = (0, 0), scale: tuple[float, float] | None = None
    ) -> NDArray[np.float32]:
        """(height, width), antialiased: the whole picture, or what begins at ``at`` (x and y, in pixels as returned)
        by ``scale``."""
        image = Image.fromarray(self.grey)
        if scale is None:
            return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), np.float32)
        left, top = at[0] / scale[0], at[1] / scale[1]
        box = (left, top, left + width / scale[0], top + height / scale[1])
        most = min(box[2], image.width), min(box[3], image.height)  # lest rounding reach beyond
        return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, (*box[:2], *most)), np.float32)

    def small(self) -> Picture:
        """With no side of more than LONGEST pixels."""
        scale = min(1.0, LONGEST / max(self.grey.shape))
        if scale == 1.0:
            return self
        height, width = (max(1, round(side * scale)) for side in self.grey.shape)
        return self._replace(grey=self.resized(width, height).astype(np.uint8))


class Looks(NamedTuple):
    """``variants`` (V,) perceptual hashes, that of the whole picture first; ``fine`` (128,) bytes, 1,024 bits."""

    picture: Picture
    variants: NDArray[np.uint64]
    fine: NDArray[np.uint8]


def decoded(data: bytes) -> DecodedImage | None:
    """None for what is no picture."""
    image = decode(data, _ANY_SIZE)
    return None if isinstance(image, ImageFault) else image


def picture_of(image: DecodedImage) -> Picture:
    return Picture(np.asarray(Image.fromarray(image.rgb).convert("L")), image.width, image.height)


def looks_of(image: DecodedImage) -> Looks:
    """Of a benchmark's picture."""
    picture = picture_of(image)
    copy = Image.fromarray(picture.grey).resize((_COPY_SIDE, _COPY_SIDE), Image.Resampling.BILINEAR)
    thumbnails = [grey_thumbnail(image, HASHED_SIDE), *_variants(copy)]
    return Looks(picture.small(), perceptual_hashes(np.stack(thumbnails)), fine_hash(picture))


def _variants(copy: Image.Image) -> Iterator[NDArray[np.uint8]]:
    """(32, 32) each."""
    boxes = [(0.5, 0.5, part) for part in _CROPPED] + [(*side, part) for part in _CROPPED_ASIDE for side in _SIDES]
    for x, y, part in boxes:
        left, top, side = _COPY_SIDE * part * x, _COPY_SIDE * part * y, _COPY_SIDE * (1 - part)
        yield _thumbnail(copy, (left, top, left + side, top + side))
    for part in _HIDDEN:
        rows = round(_COPY_SIDE * part)
        for place in (slice(_COPY_SIDE - rows, None), slice(0, rows)):
            for level in _BANNERS:
                pixels = np.array(copy)
                pixels[place] = level
                yield _thumbnail(Image.fromarray(pixels), (0, 0, _COPY_SIDE, _COPY_SIDE))


def _thumbnail(copy: Image.Image, box: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    return np.asarray(copy.resize((HASHED_SIDE, HASHED_SIDE), Image.Resampling.BILINEAR, box))


def fine_hash(picture: Picture) -> NDArray[np.uint8]:
    """(128,) bytes: which of the 32 × 32 lowest frequencies lie above their median: a hash of more bits."""
    low = (_DCT @ picture.resized(_COPY_SIDE, _COPY_SIDE).astype(np.float64) @ _DCT.T).ravel().round(_DECIMALS)
    return np.packbits(low > np.median(low))


def fine_distance(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> int:
    """Bits of 1,024 that differ."""
    return int(np.bitwise_count(first ^ second).sum())


def _dct_rows() -> NDArray[np.float64]:
    """(32, 128): the lowest frequencies of the DCT-II of 128 samples."""
    frequency, sample = np.arange(_FINE)[:, None], np.arange(_COPY_SIDE)[None, :]
    return np.asarray(2 * np.cos(np.pi * frequency * (2 * sample + 1) / (2 * _COPY_SIDE)))


_DCT = _dct_rows()
