"""The bytes of a file → RGB pixels as they are meant to be seen, or why not.

Pillow reads every dress of the four formats, scales JPEGs while decoding, and refuses a truncated file instead of
filling it up with grey. Plain JPEGs that stay whole are decoded by simplejpeg: the same libjpeg-turbo and the same
pixels, decoded into the array itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from transforms.configuration import Settings
from transforms.images.header import (
    PILLOW_MAX_PIXELS,
    ImageFault,
    image_format,
    is_turned,
    open_image,
    orientation,
    unreadable,
)
from transforms.rejects import Reason

#: EXIF's orientations 2 to 8 (Exif 2.32, 4.6.4.A) → what turns the picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class DecodeSettings(Settings):
    """Which images are taken at all."""

    max_pixels: int = Field(
        default=50_000_000,
        ge=1,
        le=PILLOW_MAX_PIXELS,
        description="more pixels, by the header alone, are refused before any is decoded (50 million take 200 MB)",
    )
    min_side: int = Field(
        default=16, ge=1, description="pixels of the shorter side; anything less is an icon or a tracker"
    )


class DecodedImage(NamedTuple):
    """``rgb`` is (h, w, 3) uint8, turned as EXIF asks, transparency on white.

    ``width`` and ``height`` are those of the picture as shown. Where a JPEG was scaled down while it was decoded, h and
    w are smaller, and ``extent``, the (h, w) that the picture really takes, is up to one pixel less than they are.
    ``format`` is jpg, png, webp or tiff, by content.
    """

    rgb: NDArray[np.uint8]
    width: int
    height: int
    extent: tuple[float, float]
    format: str


def decode(data: bytes, settings: DecodeSettings, least_side: int | None = None) -> DecodedImage | ImageFault:
    """Decode a JPEG, PNG, WebP or TIFF file; of an animation, or of several pages, the first.

    ``least_side``: a JPEG may be scaled down by 2, 4 or 8 as long as its shorter side keeps that many pixels, which
    costs a fraction of decoding it whole. None: never. A JPEG that was cut and then given an end mark all the same
    cannot be told from a whole one.
    """
    image = open_image(data, settings.max_pixels)
    if isinstance(image, ImageFault):
        return image
    width, height = image.size
    if width * height > settings.max_pixels:
        return ImageFault(Reason.TOO_MANY_PIXELS, f"{width}×{height} pixels; {settings.max_pixels} are allowed")
    if min(width, height) < settings.min_side:
        return ImageFault(Reason.TOO_SMALL, f"{width}×{height} pixels; the shorter side must have {settings.min_side}")
    try:
        extent = _scale_down(image, least_side)
        rgb = _plain_jpeg(data, image) if extent == (height, width) else None
        if rgb is None:
            image.load()
            if is_turned(image):
                width, height, extent = height, width, extent[::-1]
            rgb = np.array(_to_rgb(_upright(image)))
    except Exception as error:  # Pillow's readers raise nearly any
        return unreadable(data, error)
    return DecodedImage(rgb, width, height, extent, image_format(image))


def _scale_down(image: Image.Image, least_side: int | None) -> tuple[float, float]:
    """Prepare a JPEG to be decoded smaller, where that is allowed; returns the extent in (h, w)."""
    drafted = None if least_side is None else image.draft(None, (least_side, least_side))  # None but for JPEG too
    if drafted is None:
        return float(image.height), float(image.width)
    _, (_, _, extent_width, extent_height) = drafted
    return extent_height, extent_width


def _plain_jpeg(data: bytes, image: Image.Image) -> NDArray[np.uint8] | None:
    """An upright RGB or grey JPEG, decoded by libjpeg-turbo; None for any other, and for one that it warns of."""
    if image_format(image) != "jpg" or image.mode not in ("RGB", "L") or orientation(image) != 1:
        return None
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
    except ValueError:  # Pillow is to say what is wrong
        return None


def _upright(image: Image.Image) -> Image.Image:
    # not ImageOps.exif_transpose, which writes all of EXIF anew
    turn = _TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Grey, palette, CMYK, 1-bit and 16-bit to RGB of 8 bits; transparent pixels show white.

    Raises ValueError for pixels that are real numbers, of which nothing says what is black and what is white.
    """
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of no stated range")
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow would clip to 255 instead of scaling it
        grey = np.asarray(image).astype(np.int64).clip(0, 0xFFFF) >> 8
        image = Image.fromarray(grey.astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
