"""What the header of an image file tells, before a pixel is decoded: its format, its size, and which way up it is."""

from __future__ import annotations

import io
import warnings
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from transforms.images.decoding_bounds import excess_metadata, excess_work
from transforms.rejects import Reason

#: Pillow's names of the formats that are read → ours. MPO is a JPEG with further pictures behind it (phone cameras).
_FORMATS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "TIFF": "tiff"}

# Pillow refuses 179 million pixels and warns from 89 million; the limit of the settings is lower, so that warning says
# nothing. Nor do the others, of which every damaged EXIF block of a billion images would print one.
PILLOW_MAX_PIXELS = 178_956_970
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_EXIF_ORIENTATION = 0x0112


class ImageFault(NamedTuple):
    """Why an image cannot be used."""

    reason: Reason
    detail: str


def open_image(data: bytes, max_pixels: int) -> Image.Image | ImageFault:
    """Read the header of a JPEG, PNG, WebP or TIFF file, no pixel yet; refused where decoding it would ask too much.

    ``max_pixels``: what an image of few scans may have; one of many scans may have fewer.
    """
    if not data:
        return ImageFault(Reason.EMPTY_IMAGE, "the image has zero bytes")
    if excess := excess_work(data, max_pixels):
        return ImageFault(Reason.TOO_MUCH_WORK, excess)
    # Pillow's readers raise nearly any exception on damaged files, so each call to them is guarded as a whole.
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "TIFF"))
    except Image.DecompressionBombError as error:
        return ImageFault(Reason.TOO_MANY_PIXELS, str(error))
    except Exception as error:
        return unreadable(data, error)
    if image.format in ("PNG", "WEBP") and (excess := excess_metadata(image.info)):
        return ImageFault(Reason.TOO_MUCH_WORK, excess)
    return image


def image_format(image: Image.Image) -> str:
    """jpg, png, webp or tiff, by content."""
    return _FORMATS[image.format or ""]


def orientation(image: Image.Image) -> int:
    """EXIF tag 0x0112, 1 to 8; 1, upright, where it is absent or means nothing, and of a TIFF, which Pillow turns."""
    if image.format == "TIFF":
        return 1
    try:
        value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # damaged EXIF says nothing about the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def is_turned(image: Image.Image) -> bool:
    """Whether the picture as shown has width and height exchanged."""
    return orientation(image) >= 5


def unreadable(data: bytes, error: Exception) -> ImageFault:
    """The fault of a file that a reader gave up on with ``error``."""
    reason = Reason.TRUNCATED_IMAGE if _ends_early(data) else Reason.UNDECODABLE_IMAGE
    detail = "no JPEG, PNG, WebP or TIFF" if isinstance(error, UnidentifiedImageError) else str(error)
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
