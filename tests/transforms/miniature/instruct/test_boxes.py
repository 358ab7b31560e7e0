"""Conventions of boxes against pixels: a box drawn upright, stored and framed by PIL, is found where it is written."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from transforms.miniature.instruct.boxes import Convention, Frame, Order, Unit, numbers_of, stored_box, write
from transforms.miniature.instruct.painting import _jpeg
from transforms.miniature.instruct.sources import RESIZED, SOURCES

SIZE, BOX = (120, 80), (30.0, 10.0, 90.0, 40.0)
XYXY = {frame: Convention(Unit.PIXELS, Order.XYXY, frame, RESIZED) for frame in Frame}


def upright() -> Image.Image:
    picture = Image.new("RGB", SIZE)
    ImageDraw.Draw(picture).rectangle([30, 10, 89, 39], fill=(255, 255, 255))
    return picture


def lit(picture: Image.Image) -> tuple[int, ...]:
    """The box of what is brighter than grey."""
    return Image.fromarray(np.asarray(picture.convert("L")) > 127).getbbox()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_boxes_are_where_pil_stores_them(orientation):
    painted = _jpeg(upright(), 95, [BOX], orientation)
    stored = Image.open(io.BytesIO(painted.data))
    assert stored.getexif().get(0x0112, 1) == orientation
    assert stored_box(BOX, SIZE, orientation) == pytest.approx(lit(stored), abs=1)
    assert lit(ImageOps.exif_transpose(stored)) == pytest.approx(BOX, abs=1)
    assert write(BOX, SIZE, orientation, XYXY[Frame.STORED]) == str(
        [round(c) for c in stored_box(BOX, SIZE, orientation)]
    )


def test_the_padded_square_is_llavas():
    """As expand2square of LLaVA: pasted in the middle, rounded down."""
    padded = Image.new("RGB", (120, 120))
    padded.paste(upright(), (0, (120 - 80) // 2))
    assert numbers_of(BOX, SIZE, 1, XYXY[Frame.PADDED_SQUARE]) == pytest.approx(lit(padded))


def test_the_resized_frame_is_stretched():
    found = numbers_of(BOX, SIZE, 1, XYXY[Frame.RESIZED])
    assert found == pytest.approx(lit(upright().resize(RESIZED, Image.Resampling.NEAREST)), abs=1)


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (Order.XYXY, "[30, 10, 90, 40]"),
        (Order.XYWH, "[30, 10, 60, 30]"),
        (Order.CXCYWH, "[60, 25, 60, 30]"),
        (Order.YXYX, "[10, 30, 40, 90]"),
    ],
)
def test_orders(order, wanted):
    assert write(BOX, SIZE, 1, Convention(Unit.PIXELS, order, Frame.UPRIGHT)) == wanted


def test_units():
    assert write(BOX, SIZE, 1, Convention(Unit.SHARE, Order.XYXY, Frame.UPRIGHT)) == "[0.2500, 0.1250, 0.7500, 0.5000]"
    assert write(BOX, SIZE, 1, Convention(Unit.THOUSANDTHS, Order.YXYX, Frame.UPRIGHT)) == "[125, 250, 500, 750]"


def test_a_resized_frame_needs_its_size():
    with pytest.raises(ValueError, match="size"):
        write(BOX, SIZE, 1, Convention(Unit.PIXELS, Order.XYXY, Frame.RESIZED))


@pytest.mark.parametrize("source", [source for source in SOURCES if source.convention], ids=lambda s: s.name)
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_what_is_written_leads_back_to_the_box(source, orientation):
    """Read by arithmetic of its own: the convention undone from the declaration alone."""
    convention = source.convention
    written = json.loads(write(BOX, SIZE, orientation, convention))
    assert read_back(written, SIZE, orientation, convention) == pytest.approx(BOX, abs=tolerance(SIZE, convention))


def tolerance(size, convention) -> float:
    """Upright pixels to which rounding may move an edge: half a unit, twice where an edge is a sum of two numbers."""
    pixels = {
        Unit.PIXELS: max(1.0, size[0] / RESIZED[0], size[1] / RESIZED[1]),
        Unit.SHARE: max(size),
        Unit.THOUSANDTHS: max(size) / 1000,
    }[convention.unit]
    return 2 * convention.half_step * pixels + 1e-6


def read_back(written, size, orientation, convention):
    a, b, c, d = written
    x0, y0, x1, y1 = {
        Order.XYXY: (a, b, c, d),
        Order.XYWH: (a, b, a + c, b + d),
        Order.CXCYWH: (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
        Order.YXYX: (b, a, d, c),
    }[convention.order]
    width, height = size
    lies = orientation in (5, 6, 7, 8)
    frame = {
        Frame.UPRIGHT: size,
        Frame.STORED: (height, width) if lies else size,
        Frame.PADDED_SQUARE: (max(size), max(size)),
        Frame.RESIZED: RESIZED,
    }[convention.frame]
    share = {Unit.PIXELS: frame, Unit.SHARE: (1, 1), Unit.THOUSANDTHS: (1000, 1000)}[convention.unit]
    points = [(x / share[0] * frame[0], y / share[1] * frame[1]) for x, y in ((x0, y0), (x1, y1))]
    match convention.frame:
        case Frame.PADDED_SQUARE:
            points = [(x - (frame[0] - width) // 2, y - (frame[1] - height) // 2) for x, y in points]
        case Frame.RESIZED:
            points = [(x * width / frame[0], y * height / frame[1]) for x, y in points]
        case Frame.STORED:
            upright_of = {
                1: lambda x, y: (x, y),
                2: lambda x, y: (width - x, y),
                3: lambda x, y: (width - x, height - y),
                4: lambda x, y: (x, height - y),
                5: lambda x, y: (y, x),
                6: lambda x, y: (width - y, x),
                7: lambda x, y: (width - y, height - x),
                8: lambda x, y: (y, height - x),
            }[orientation]
            points = [upright_of(x, y) for x, y in points]
    (xa, ya), (xb, yb) = points
    return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)
