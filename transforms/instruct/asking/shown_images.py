"""The images of a row as a server takes them: upright, in a format that it knows, read when they are sent."""

from __future__ import annotations

import functools
import io

import PIL.Image
import PIL.ImageOps

from transforms.instruct.asking.request import ShownImage
from transforms.instruct.medium_bytes import MediumReader
from transforms.instruct.rows import Medium, Row

_KNOWN = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_ORIENTATION = 0x0112  # of EXIF, which servers do not look at


def images_of(row: Row, most: int) -> tuple[ShownImage, ...] | None:
    """In their order; None of a row with a video, with more images than ``most``, or one that was never measured."""
    if len(row.media) > most or any(one.kind != "image" or one.content_hash is None for one in row.media):
        return None
    return tuple(ShownImage(one.content_hash or b"", functools.partial(_read, one)) for one in row.media)


def _read(medium: Medium) -> tuple[bytes, str]:
    with MediumReader() as reader:
        return as_servers_know(reader.read(medium))


def as_servers_know(data: bytes) -> tuple[bytes, str]:
    """The bytes of an image and their MIME type: as they are where they are upright and of a format that servers take,
    else as a PNG."""
    with PIL.Image.open(io.BytesIO(data)) as image:
        mime = _KNOWN.get(image.format or "")
        if mime is not None and image.getexif().get(_ORIENTATION, 1) == 1:
            return data, mime
        upright = PIL.ImageOps.exif_transpose(image).convert("RGB")
    buffer = io.BytesIO()
    upright.save(buffer, "PNG")
    return buffer.getvalue(), "image/png"
