"""Small pictures that stand inside the page: JPEGs as data URIs."""

from __future__ import annotations

import base64
import io

from PIL import Image, ImageOps

from transforms.errors import InputError

SIDE_PIXELS = 144  # shown at 72 to 96 CSS pixels, so sharp on screens with two pixels a CSS pixel
_JPEG_QUALITY = 70  # about 5 kB each: 24 concepts of 6 pictures stay under 1 MB
_UNREADABLE = (
    InputError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
)  # what PIL raises on bad files


def thumbnail(image: bytes) -> str | None:
    """The middle square of an image as a ``data:`` URI; None where the bytes are not an image that can be read."""
    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.draft("RGB", (SIDE_PIXELS, SIDE_PIXELS))  # JPEG: decodes at a fraction of the size
            upright = ImageOps.exif_transpose(opened)
            small = ImageOps.fit(_to_rgb(upright), (SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.LANCZOS)
    except _UNREADABLE:
        return None
    return _data_uri(small)


def preview(image: bytes, most_pixels: int = 320) -> str | None:
    """The whole image, no side longer than ``most_pixels``, as a ``data:`` URI; None where it cannot be read."""
    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.draft("RGB", (most_pixels, most_pixels))
            small = _to_rgb(ImageOps.exif_transpose(opened))
            small.thumbnail((most_pixels, most_pixels), Image.Resampling.LANCZOS)
    except _UNREADABLE:
        return None
    return _data_uri(small)


def _data_uri(picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def _to_rgb(image: Image.Image) -> Image.Image:
    """RGB over white; 16-bit grey is scaled, where PIL alone would clip it to white."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return image.convert("RGB")
