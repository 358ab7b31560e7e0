"""Sizes from headers agree with pixels, orientation included; and what is wrong is said."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from transforms.conversations.document import ImageSize
from transforms.errors import InputError
from transforms.images.header import ImageFault
from transforms.packing.documents.image_bytes import decode_image, measure_image, verify_image
from transforms.rejects import Reason


def picture(image_format: str = "JPEG", orientation: int = 1, mode: str = "RGB") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    Image.effect_noise((60, 40), 50).convert(mode).save(stream, image_format, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("image_format, ending", [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_header_and_pixels_agree(image_format: str, ending: str, orientation: int) -> None:
    data = picture(image_format, orientation)
    size = ImageSize(40, 60) if orientation >= 5 else ImageSize(60, 40)
    assert measure_image(data) == (size, ending)
    assert decode_image(data, size, "it").shape == (size.height, size.width, 3)


def test_another_size_is_an_error() -> None:
    with pytest.raises(InputError, match=r"image 3 is 60x40 pixels, the pack states 40x60"):
        decode_image(picture(), ImageSize(40, 60), "image 3")


def test_damage() -> None:
    whole = picture(mode="RGB")
    cut = whole[: len(whole) // 2]
    assert isinstance(measure_image(cut), tuple)  # the header is there
    assert verify_image(whole) is None
    fault = verify_image(cut)
    assert fault is not None and fault.reason == Reason.TRUNCATED_IMAGE
    with pytest.raises(InputError, match="truncated_image"):
        decode_image(cut, ImageSize(60, 40), "it")
    for data, reason in ((b"", Reason.EMPTY_IMAGE), (b"no picture", Reason.UNDECODABLE_IMAGE)):
        measured = measure_image(data)
        assert isinstance(measured, ImageFault) and measured.reason == reason
        assert measured == verify_image(data)  # in the same words, whichever finds it


def test_what_is_said_of_damage_is_the_same_each_time() -> None:
    """No address of an object: of files of no format, and of all formats cut off anywhere in their heads."""
    heads = [picture(image_format)[:cut] for image_format in ("JPEG", "PNG", "WEBP") for cut in range(1, 60, 3)]
    for data in (b"GIF89a", b"<html>", b"BM" + bytes(60), *heads):
        first, second = measure_image(data), measure_image(bytes(bytearray(data)))
        assert first == second
        if isinstance(first, ImageFault):
            assert first.detail and " at 0x" not in first.detail
