"""The bytes of a file → RGB pixels as they are meant to be seen, or why not.

Pillow reads every dress of the three formats, scales JPEGs while decoding, and refuses a truncated file instead of
filling it up with grey. Plain JPEGs that stay whole are decoded by simplejpeg: the same libjpeg-turbo and the same
pixels, 10 to 20 % sooner, since it decodes into the array itself.
"""

from __future__ import annotations

import io
import warnings
from typing import NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from pydantic import Field

from transforms.configuration import Settings
from transforms.images.work import excess_metadata, excess_work
from transforms.rejects import Reason

#: Pillow's names of the formats that are read → ours. MPO is a JPEG with further pictures behind it (phone cameras).
_FORMATS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp"}

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

# Pillow refuses 179 million pixels and warns from 89 million; the limit here is our own, so that warning says nothing.
# Nor do the others, of which every damaged EXIF block of a billion images would print one.
_PILLOW_MAX_PIXELS = 178_956_970
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class DecodeSettings(Settings):
    """Which images are taken at all."""

    max_pixels: int = Field(
        default=50_000_000,
        ge=1,
        le=_PILLOW_MAX_PIXELS,
        description="more pixels, by the header alone, are refused before any is decoded (50 million take 200 MB)",
    )
    min_side: int = Field(
        default=16, ge=1, description="pixels of the shorter side; anything less is an icon or a tracker"
    )


class ImageFault(NamedTuple):
    """Why an image cannot be used."""

    reason: Reason
    detail: str


class DecodedImage(NamedTuple):
    """``rgb`` is (h, w, 3) uint8, turned as EXIF asks, transparency on white.

    ``width`` and ``height`` are those of the picture as shown. Where a JPEG was scaled down while it was decoded, h and
    w are smaller, and ``extent``, the (h, w) that the picture really takes, is up to one pixel less than they are.
    ``format`` is jpg, png or webp, by content.
    """

    rgb: NDArray[np.uint8]
    width: int
    height: int
    extent: tuple[float, float]
    format: str


def decode(data: bytes, settings: DecodeSettings, least_side: int | None = None) -> DecodedImage | ImageFault:
    """Decode a JPEG, PNG or WebP file; of an animation, the first frame.

    ``least_side``: a JPEG may be scaled down by 2, 4 or 8 as long as its shorter side keeps that many pixels, which
    costs a fraction of decoding it whole. None: never. A JPEG that was cut and then given an end mark all the same
    cannot be told from a whole one.
    """
    image = open_image(data, settings)
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
            if _orientation(image) >= 5:  # 5 to 8 exchange width and height
                width, height, extent = height, width, extent[::-1]
            rgb = np.array(_to_rgb(_upright(image)))
    except Exception as error:
        return _unreadable(data, error)
    return DecodedImage(rgb, width, height, extent, _FORMATS[image.format or ""])


def open_image(data: bytes, settings: DecodeSettings) -> Image.Image | ImageFault:
    """A JPEG, PNG or WebP file as Pillow opens it, its header read but no pixel; refused where it asks too much."""
    if not data:
        return ImageFault(Reason.EMPTY_IMAGE, "the image has zero bytes")
    if excess := excess_work(data, settings.max_pixels):
        return ImageFault(Reason.TOO_MUCH_WORK, excess)
    # Pillow's readers raise nearly any exception on damaged files, so each call to them is guarded as a whole.
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    except Image.DecompressionBombError as error:
        return ImageFault(Reason.TOO_MANY_PIXELS, str(error))
    except Exception as error:
        return _unreadable(data, error)
    if image.format in ("PNG", "WEBP") and (excess := excess_metadata(image.info)):
        return ImageFault(Reason.TOO_MUCH_WORK, excess)
    return image


def _scale_down(image: Image.Image, least_side: int | None) -> tuple[float, float]:
    """Prepare a JPEG to be decoded smaller, where that is allowed; returns the extent in (h, w)."""
    drafted = None if least_side is None else image.draft(None, (least_side, least_side))  # None for PNG and WebP too
    if drafted is None:
        return float(image.height), float(image.width)
    _, (_, _, extent_width, extent_height) = drafted
    return extent_height, extent_width


def _plain_jpeg(data: bytes, image: Image.Image) -> NDArray[np.uint8] | None:
    """An upright RGB or grey JPEG, decoded by libjpeg-turbo; None for any other, and for one that it warns of."""
    if _FORMATS[image.format or ""] != "jpg" or image.mode not in ("RGB", "L") or _orientation(image) != 1:
        return None
    try:
        return np.asarray(simplejpeg.decode_jpeg(data, colorspace="RGB"))
    except ValueError:  # Pillow is to say what is wrong
        return None


def _unreadable(data: bytes, error: Exception) -> ImageFault:
    reason = Reason.TRUNCATED_IMAGE if _ends_early(data) else Reason.UNDECODABLE_IMAGE
    detail = "no JPEG, PNG or WebP" if isinstance(error, UnidentifiedImageError) else str(error)
    return ImageFault(reason, detail or type(error).__name__)


def _ends_early(data: bytes) -> bool:
    """Whether a file begins as one of the formats and lacks its end: EOI of JPEG, IEND of PNG, RIFF length of WebP."""
    if data.startswith(b"\xff\xd8\xff"):
        return b"\xff\xd9" not in data[-1024:]
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" not in data[-1024:]
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    return False


def _orientation(image: Image.Image) -> int:
    """EXIF tag 0x0112, 1 to 8; 1, upright, where it is absent or means nothing."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # damaged EXIF says nothing about the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(image: Image.Image) -> Image.Image:
    # not ImageOps.exif_transpose, which writes all of EXIF anew
    turn = _TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Grey, palette, CMYK, 1-bit and 16-bit to RGB of 8 bits; transparent pixels show white."""
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow would clip to 255 instead of scaling it
        grey = np.asarray(image).astype(np.int64).clip(0, 0xFFFF) >> 8
        image = Image.fromarray(grey.astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
