from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from transforms.browsing.thumbnails import SIDE_PIXELS, thumbnail


def encode(image: Image.Image, image_format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, image_format, **options)
    return stream.getvalue()


def decode(uri: str | None) -> Image.Image:
    assert uri is not None
    assert uri.startswith("data:image/jpeg;base64,")
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


@pytest.mark.parametrize(
    ("image", "image_format"),
    [
        (Image.new("RGB", (300, 200), "red"), "JPEG"),
        (Image.new("CMYK", (300, 200), (0, 255, 255, 0)), "JPEG"),
        (Image.new("RGB", (20, 10), "red"), "PNG"),
        (Image.new("RGBA", (200, 900), "red"), "PNG"),
        (Image.new("P", (200, 200), 0), "PNG"),
        (Image.new("RGB", (200, 200), "red"), "WEBP"),
    ],
)
def test_every_kind_of_image_becomes_a_small_square(image: Image.Image, image_format: str) -> None:
    if image.mode == "P":
        image.putpalette([255, 0, 0])
    small = decode(thumbnail(encode(image, image_format)))
    assert (small.size, small.mode) == ((SIDE_PIXELS, SIDE_PIXELS), "RGB")
    assert np.abs(np.asarray(small)[72, 72].astype(int) - (255, 0, 0)).max() < 24


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    grey = Image.fromarray(np.full((50, 50), 0x8000, np.uint16))
    assert abs(int(np.asarray(decode(thumbnail(encode(grey, "PNG"))))[25, 25, 0]) - 128) < 4


def test_transparency_is_shown_on_white() -> None:
    assert np.asarray(decode(thumbnail(encode(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG")))).min() > 250


def test_orientation_is_applied() -> None:
    picture = Image.new("RGB", (200, 200), "white")
    picture.paste("black", (0, 0, 200, 100))  # dark on top, as stored
    exif = Image.Exif()
    exif[0x0112] = 3  # shown upside down
    small = np.asarray(decode(thumbnail(encode(picture, "JPEG", exif=exif))))
    assert small[10, 72, 0] > 200 and small[130, 72, 0] < 50


@pytest.mark.parametrize("keep", [0, 20, 300])
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_broken_images_have_no_thumbnail(keep: int, image_format: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    assert thumbnail(encode(Image.fromarray(noise), image_format)[:keep]) is None


def test_text_is_no_image() -> None:
    assert thumbnail(b"<svg onload=alert(1)>") is None
