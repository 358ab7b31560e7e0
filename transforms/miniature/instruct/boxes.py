"""Boxes in the conventions of sources: unit, order and frame; and back into upright pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Box = tuple[float, float, float, float]  # left, top, right, bottom
Size = tuple[int, int]  # width, height


class Unit(StrEnum):
    PIXELS = "pixels"
    SHARE = "0-1"
    THOUSANDTHS = "0-1000"


class Order(StrEnum):
    XYXY = "xyxy"
    XYWH = "xywh"
    CXCYWH = "cxcywh"
    YXYX = "yxyx"


class Frame(StrEnum):
    """What the coordinates refer to."""

    STORED = "stored"  # the pixels as they lie in the file, EXIF orientation not applied
    UPRIGHT = "upright"
    PADDED_SQUARE = "padded_square"  # the upright picture in the middle of a square, as LLaVA pads
    RESIZED = "resized"  # the upright picture stretched to a size that the source states


@dataclass(frozen=True)
class Convention:
    unit: Unit
    order: Order
    frame: Frame
    resized: Size | None = None

    @property
    def half_step(self) -> float:
        """The largest error of rounding, in the unit: pixels and thousandths are whole, shares have four digits."""
        return 0.00005 if self.unit is Unit.SHARE else 0.5


def write(box: Box, size: Size, orientation: int, convention: Convention) -> str:
    """An upright box in pixels → ``[a, b, c, d]``; ``size`` is that of the upright picture."""
    numbers = numbers_of(box, size, orientation, convention)
    if convention.unit is Unit.SHARE:
        return "[" + ", ".join(f"{number:.4f}" for number in numbers) + "]"
    return "[" + ", ".join(str(round(number)) for number in numbers) + "]"


def numbers_of(box: Box, size: Size, orientation: int, convention: Convention) -> tuple[float, float, float, float]:
    """As :func:`write`, not rounded."""
    (x0, y0, x1, y1), frame = _into_frame(box, size, orientation, convention)
    across, down = _scale(frame, convention.unit)
    x0, x1, y0, y1 = x0 * across, x1 * across, y0 * down, y1 * down
    match convention.order:
        case Order.XYXY:
            return x0, y0, x1, y1
        case Order.XYWH:
            return x0, y0, x1 - x0, y1 - y0
        case Order.CXCYWH:
            return (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        case Order.YXYX:
            return y0, x0, y1, x1


def _scale(frame: Size, unit: Unit) -> tuple[float, float]:
    if unit is Unit.PIXELS:
        return 1.0, 1.0
    most = 1.0 if unit is Unit.SHARE else 1000.0
    return most / frame[0], most / frame[1]


def _into_frame(box: Box, size: Size, orientation: int, convention: Convention) -> tuple[Box, Size]:
    x0, y0, x1, y1 = box
    width, height = size
    match convention.frame:
        case Frame.UPRIGHT:
            return box, size
        case Frame.STORED:
            return stored_box(box, size, orientation), stored_size(size, orientation)
        case Frame.PADDED_SQUARE:
            side = max(size)
            left, top = (side - width) // 2, (side - height) // 2
            return (x0 + left, y0 + top, x1 + left, y1 + top), (side, side)
        case Frame.RESIZED:
            if convention.resized is None:
                raise ValueError("a resized frame needs its size")
            across, down = convention.resized[0] / width, convention.resized[1] / height
            return (x0 * across, y0 * down, x1 * across, y1 * down), convention.resized


def stored_size(size: Size, orientation: int) -> Size:
    """Orientations 5 to 8 of EXIF lie on their side."""
    return (size[1], size[0]) if orientation >= 5 else size


def stored_box(box: Box, size: Size, orientation: int) -> Box:
    """An upright box → where it lies in the file of a picture with this EXIF orientation (1 to 8)."""
    corners = [_stored_point(x, y, size, orientation) for x, y in (box[:2], box[2:])]
    (xa, ya), (xb, yb) = corners
    return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)


def _stored_point(x: float, y: float, size: Size, orientation: int) -> tuple[float, float]:
    right, down = size[0] - x, size[1] - y
    return {
        1: (x, y),
        2: (right, y),
        3: (right, down),
        4: (x, down),
        5: (y, x),
        6: (y, right),
        7: (down, right),
        8: (down, x),
    }[orientation]
