"""Drawing in a local frame, so that an object is a few lines of fractions."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

RGB = tuple[int, int, int]
Point = tuple[float, float]

INK: RGB = (44, 46, 54)  # outlines and lettering
PAPER: RGB = (250, 248, 242)


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """``share`` of ``b`` in ``a``."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def darker(colour: RGB, share: float = 0.35) -> RGB:
    return mix(colour, (0, 0, 0), share)


def lighter(colour: RGB, share: float = 0.4) -> RGB:
    return mix(colour, (255, 255, 255), share)


def pick(rng: np.random.Generator, *colours: RGB) -> RGB:
    """One of the colours, varied a little."""
    colour = np.array(colours[rng.integers(len(colours))]) + rng.integers(-12, 13, 3)
    red, green, blue = np.clip(colour, 0, 255).tolist()
    return (red, green, blue)


@functools.lru_cache(maxsize=128)
def font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """The font that Pillow carries in itself."""
    return ImageFont.load_default(size)


class Pen:
    """A frame on a canvas: (-1, -1) its upper left corner, (1, 1) its lower right one, whatever its size in pixels."""

    def __init__(self, canvas: Image.Image, centre: Point, radius: float) -> None:
        self.canvas = canvas
        self.draw = ImageDraw.Draw(canvas)
        self.centre = centre
        self.radius = radius

    def at(self, x: float, y: float) -> Point:
        """Pixel of a point of the frame."""
        return (self.centre[0] + x * self.radius, self.centre[1] + y * self.radius)

    def pixels(self, length: float) -> int:
        """Pixels of a length of the frame, at least one."""
        return max(1, round(length * self.radius))

    def inner(self, x: float, y: float, scale: float) -> Pen:
        """A smaller frame around a point of this one."""
        return Pen(self.canvas, self.at(x, y), self.radius * scale)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> list[Point]:
        return [self.at(x0, y0), self.at(x1, y1)]

    def polygon(self, points: Sequence[Point], fill: RGB, outline: RGB | None = None, width: float = 0.05) -> None:
        placed = [self.at(x, y) for x, y in points]
        self.draw.polygon(placed, fill=fill)
        if outline is not None:
            self.draw.line([*placed, placed[0]], fill=outline, width=self.pixels(width))

    def line(self, points: Sequence[Point], fill: RGB, width: float = 0.08) -> None:
        self.draw.line([self.at(x, y) for x, y in points], fill=fill, width=self.pixels(width), joint=None)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: RGB | None,
        outline: RGB | None = None,
        width: float = 0.05,
    ) -> None:
        corners = self.box(x - rx, y - ry, x + rx, y + ry)
        self.draw.ellipse(corners, fill=fill, outline=outline, width=self.pixels(width))

    def disc(self, x: float, y: float, radius: float, fill: RGB, outline: RGB | None = None) -> None:
        self.ellipse(x, y, radius, radius, fill, outline)

    def rectangle(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: RGB | None,
        rounded: float = 0,
        outline: RGB | None = None,
    ) -> None:
        corners = self.box(x0, y0, x1, y1)
        if rounded:
            self.draw.rounded_rectangle(
                corners, self.pixels(rounded), fill=fill, outline=outline, width=self.pixels(0.05)
            )
        else:
            self.draw.rectangle(corners, fill=fill, outline=outline, width=self.pixels(0.05))

    def arc(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: RGB, width: float = 0.08
    ) -> None:
        """Part of an ellipse's outline, in degrees clockwise from three o'clock."""
        self.draw.arc(self.box(x - rx, y - ry, x + rx, y + ry), start, end, fill=fill, width=self.pixels(width))

    def pie(self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: RGB) -> None:
        """A sector of an ellipse, angles as in :meth:`arc`."""
        self.draw.pieslice(self.box(x - rx, y - ry, x + rx, y + ry), start, end, fill=fill)

    def text(self, x: float, y: float, text: str, height: float, fill: RGB) -> None:
        """Text centred on a point; ``height`` is the font's size."""
        self.draw.text(self.at(x, y), text, fill=fill, font=font(self.pixels(height)), anchor="mm")
