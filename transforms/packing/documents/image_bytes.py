"""The bytes of an image → its size from the header alone, or its pixels, both as it is meant to be seen.

Sizes and pixels must agree to the pixel, so both obey EXIF orientation: the planner trusts the first, the trainer's
workers make patches of the second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.conversations.document import ImageSize
from transforms.errors import InputError
from transforms.images.decode import DecodeSettings, decode
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault, image_format, is_turned, open_image

#: What was worth packing is decoded, however small or large.
_ANY_SIZE = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)


def measure_image(data: bytes) -> tuple[ImageSize, str] | ImageFault:
    """Size and ending (jpg, png, webp or tiff, by content), without decoding a pixel."""
    image = open_image(data, PILLOW_MAX_PIXELS)
    if isinstance(image, ImageFault):
        return image
    size = ImageSize(image.height, image.width) if is_turned(image) else ImageSize(image.width, image.height)
    return size, image_format(image)


def verify_image(data: bytes) -> ImageFault | None:
    """Decode the whole image, to find damage that the header does not show."""
    decoded = decode(data, _ANY_SIZE)
    return decoded if isinstance(decoded, ImageFault) else None


def decode_image(data: bytes, stated: ImageSize, where: str) -> NDArray[np.uint8]:
    """(h, w, 3) pixels; raises InputError, naming ``where``, when they cannot be had or are not of the stated size."""
    decoded = decode(data, _ANY_SIZE)
    if isinstance(decoded, ImageFault):
        raise InputError(
            f"{where}: {decoded.reason}: {decoded.detail}. Pack the source again with verify_images: true."
        )
    found = ImageSize(decoded.width, decoded.height)
    if found != stated:
        raise InputError(
            f"{where} is {found.width}x{found.height} pixels, the pack states {stated.width}x{stated.height}: its "
            "tokens were planned for another image. Pack the source again."
        )
    return decoded.rgb
