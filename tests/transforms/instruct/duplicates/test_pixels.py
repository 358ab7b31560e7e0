"""Re-encoded, resized and cropped pictures are one; a chart with another bar, and a page with another digit, is not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.instruct.duplicates.pixels import (
    _TRIED,
    COARSE_SIDE,
    FINE_SIDE,
    Cut,
    Square,
    _Laying,
    _without,
    grey_square,
    is_one,
)

LIMIT = 5.0


def chart(values: tuple[int, ...] = (40, 90, 60, 120), note: str = "17") -> Image.Image:
    picture = Image.new("RGB", (320, 240), "white")
    draw = ImageDraw.Draw(picture)
    for at, value in enumerate(values):
        draw.rectangle([30 + 70 * at, 200 - value, 75 + 70 * at, 200], fill=(40 * at, 90, 160))
    draw.text((250, 215), note, fill="black", font_size=16)
    return picture


def photo() -> Image.Image:
    """Smooth shapes with an even grain, as photographs have."""
    y, x = np.mgrid[0:240, 0:320]
    waves = np.stack([np.sin(x / (20 + 9 * at)) * np.cos(y / (31 - 5 * at)) for at in range(3)], axis=2)
    return Image.fromarray((127 + 110 * waves).astype(np.uint8))


def square(picture: Image.Image, quality: int = 95, side: int = COARSE_SIDE) -> Square:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    image = decode(data.getvalue(), DecodeSettings(min_side=1))
    assert isinstance(image, DecodedImage)
    return Square(grey_square(image, side))


@pytest.mark.parametrize("picture", [chart(), photo()])
def test_another_encoding_and_another_size_are_the_same_picture(picture: Image.Image) -> None:
    smaller = picture.resize((272, 204), Image.Resampling.LANCZOS)
    assert is_one(square(picture), square(picture, 60), LIMIT, False)
    assert is_one(square(picture), square(smaller), LIMIT, False)


@pytest.mark.parametrize("other", [chart((40, 90, 60, 112)), chart((90, 40, 60, 120)), photo()])
@pytest.mark.parametrize("may_be_cropped", [True, False])
def test_another_bar_is_another_picture(other: Image.Image, may_be_cropped: bool) -> None:
    assert not is_one(square(chart()), square(other), LIMIT, may_be_cropped)


@pytest.mark.parametrize("note", ["11", "77", "19"])
def test_another_digit_is_another_picture_where_its_pixels_are_seen(note: str) -> None:
    one, other = (square(chart(note=text), side=FINE_SIDE) for text in ("17", note))
    assert not is_one(one, other, LIMIT, False)
    assert is_one(one, square(chart(), 60, FINE_SIDE), LIMIT, False)


@pytest.mark.parametrize("box", [(6, 5, 314, 235), (13, 10, 307, 230), (20, 0, 320, 240)])
def test_a_crop_is_found_where_it_is_asked_for(box: tuple[int, int, int, int]) -> None:
    whole, piece = square(photo()), square(photo().crop(box))
    assert not is_one(whole, piece, LIMIT, False)
    assert is_one(whole, piece, LIMIT, True)
    assert is_one(piece, whole, LIMIT, True)


def test_a_square_is_no_larger_than_its_picture() -> None:
    assert len(square(photo().resize((50, 40))).grey) == 50


@pytest.mark.parametrize("side", [COARSE_SIDE, FINE_SIDE])
def test_cuts_that_are_tried_first_are_what_is_left_of_the_picture(side: int) -> None:
    whole = square(photo(), side=side)
    rough = np.asarray(whole.small(64))
    for made, cut in zip(whole.tried, _TRIED, strict=True):
        assert (made == _without(rough, cut, 32)).all()


@given(st.tuples(*[st.sampled_from([0.0, 0.01, 0.0417, 0.12])] * 4))
def test_a_cut_squeezed_across_and_then_down_is_that_squeezed_at_once(cut: Cut) -> None:
    made, piece = _without(WHOLE.grey, cut, 96).astype(int), np.asarray(PIECE.small(96))
    assert _Laying(WHOLE, PIECE, 96).apart(cut) == np.abs(made - piece).mean()


WHOLE, PIECE = square(chart()), square(photo())
