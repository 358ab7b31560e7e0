"""Coloured, textured, counted and related shapes."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from transforms.miniature.concepts import NUMBER_VALUES, Family
from transforms.miniature.pictures.pen import RGB, Pen, Point, darker, lighter
from transforms.miniature.pictures.scenes import Element

COLOURS: dict[str, RGB] = {
    "red": (222, 48, 48),
    "orange": (245, 138, 30),
    "yellow": (250, 214, 42),
    "green": (56, 158, 66),
    "turquoise": (48, 200, 196),
    "blue": (44, 92, 214),
    "purple": (132, 62, 178),
    "pink": (246, 142, 190),
    "brown": (128, 82, 46),
    "black": (36, 36, 40),
    "white": (248, 248, 246),
    "gray": (146, 150, 154),
}
_LARGEST_TILT = math.radians(14)  # a square must not turn into a diamond

#: Where the shapes of a group stand in its frame, and how large each is.
_GROUPS: dict[int, tuple[float, list[Point]]] = {
    2: (0.46, [(-0.52, 0), (0.52, 0)]),
    3: (0.44, [(0, -0.52), (-0.52, 0.46), (0.52, 0.46)]),
    4: (0.42, [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)]),
    5: (0.34, [(-0.62, -0.62), (0.62, -0.62), (0, 0), (-0.62, 0.62), (0.62, 0.62)]),
}


def _circle(radius: float, start: float = 0, end: float = 360, points: int = 40) -> list[Point]:
    angles = np.radians(np.linspace(start, end, points))
    return [(float(radius * np.cos(a)), float(radius * np.sin(a))) for a in angles]


def _regular(corners: int, start: float) -> list[Point]:
    angles = [math.radians(start + 360 * i / corners) for i in range(corners)]
    return [(math.cos(a), math.sin(a)) for a in angles]


def _star() -> list[Point]:
    radii = (1.0, 0.42)
    turns = [math.radians(36 * i - 90) for i in range(10)]
    return [(radii[i % 2] * math.cos(a), radii[i % 2] * math.sin(a) + 0.06) for i, a in enumerate(turns)]


def _heart() -> list[Point]:
    """The usual parametric heart, scaled into the frame."""
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = 16 * np.sin(turns) ** 3
    y = 13 * np.cos(turns) - 5 * np.cos(2 * turns) - 2 * np.cos(3 * turns) - np.cos(4 * turns)
    return [(float(a) / 16.5, -(float(b) + 2.5) / 15.5) for a, b in zip(x, y, strict=True)]


def _crescent() -> list[Point]:
    """A disc of radius 0.95 less one of radius 0.8 that lies 0.4 to its right; their outlines cross at the angles."""
    outer = _circle(0.95, 56.2, 303.8, 32)
    inner = [(x + 0.4, y) for x, y in _circle(0.8, 279.2, 80.8, 32)]
    return [*outer, *inner]


def _cross() -> list[Point]:
    """A quarter of the outline, turned four times."""
    quarter = [(-0.3, -0.92), (0.3, -0.92), (0.3, -0.3)]
    turns = ((1, 0), (0, 1), (-1, 0), (0, -1))
    return [(x * cosine - y * sine, x * sine + y * cosine) for cosine, sine in turns for x, y in quarter]


#: Outlines in the unit frame; a second one is a hole.
_OUTLINES: dict[str, list[list[Point]]] = {
    "circle": [_circle(0.95)],
    "square": [[(-0.84, -0.84), (0.84, -0.84), (0.84, 0.84), (-0.84, 0.84)]],
    "triangle": [[(0, -0.95), (0.98, 0.78), (-0.98, 0.78)]],
    "star": [_star()],
    "heart": [_heart()],
    "hexagon": [_regular(6, 0)],
    "diamond": [[(0, -1), (0.68, 0), (0, 1), (-0.68, 0)]],
    "crescent": [_crescent()],
    "cross": [_cross()],
    "ring": [_circle(0.95), _circle(0.52)],
    "arrow": [[(-0.95, -0.24), (0.15, -0.24), (0.15, -0.68), (0.98, 0), (0.15, 0.68), (0.15, 0.24), (-0.95, 0.24)]],
    "semicircle": [[(x, y + 0.45) for x, y in _circle(1.0, 180, 360)]],
}


def _placed(shape: str, pen: Pen, tilt: float) -> list[list[Point]]:
    """The outlines in pixels."""
    cosine, sine = math.cos(tilt), math.sin(tilt)
    return [[pen.at(x * cosine - y * sine, x * sine + y * cosine) for x, y in outline] for outline in _OUTLINES[shape]]


def draw_shape(pen: Pen, shape: str, colour: RGB, tilt: float = 0.0, texture: str | None = None) -> None:
    """One shape that fills the frame, ``tilt`` in radians."""
    outlines = _placed(shape, pen, tilt)
    # a hole is reached by a cut along which the polygon closes on itself
    path = [*outlines[0], *(point for hole in outlines[1:] for point in reversed(hole))]
    if texture is None:
        pen.draw.polygon(path, fill=colour)
    else:
        _fill_with_texture(pen, path, colour, texture)
    for outline in outlines:
        pen.draw.line([*outline, outline[0]], fill=darker(colour, 0.4), width=max(2, pen.pixels(0.05)))


def _fill_with_texture(pen: Pen, path: list[Point], colour: RGB, texture: str) -> None:
    left, top = (int(c - pen.radius * 1.1) for c in pen.centre)
    side = int(pen.radius * 2.2) + 1
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in path], fill=255)
    pen.canvas.paste(_texture(side, colour, texture), (left, top), mask)


def _texture(side: int, colour: RGB, texture: str) -> Image.Image:
    tile = Image.new("RGB", (side, side), colour)
    draw = ImageDraw.Draw(tile)
    second = lighter(colour, 0.75) if sum(colour) < 600 else darker(colour, 0.5)
    step = max(4, side // 7)
    if texture == "striped":
        for x in range(0, 2 * side, 2 * step):
            draw.line([(x, 0), (x - side, side)], fill=second, width=max(2, round(step * 0.8)))
        return tile
    for row in range(side // step + 1):
        for column in range(side // step + 1):
            x, y = column * step, row * step
            if texture == "checkered" and (row + column) % 2:
                draw.rectangle([x, y, x + step - 1, y + step - 1], fill=second)
            elif texture == "dotted" and (row + column) % 2:
                draw.ellipse([x, y, x + step, y + step], fill=second)
    return tile


def draw_shapes(pen: Pen, element: Element, rng: np.random.Generator) -> None:
    """An element of one of the families of shapes."""
    colours = [_varied(COLOURS[name], rng) for name in element.colours]
    tilt = float(rng.uniform(-1, 1)) * _LARGEST_TILT
    family, parts = element.concept.family, element.concept.parts
    if family is Family.SHAPE:
        draw_shape(pen, element.shapes[0], colours[0], tilt)
    elif family is Family.TEXTURE:
        draw_shape(pen, element.shapes[0], colours[0], tilt, texture=parts[0])
    elif family is Family.COUNT:
        size, places = _GROUPS[NUMBER_VALUES[parts[0]]]
        for x, y in places:
            nudge = rng.uniform(-0.05, 0.05, 2)
            draw_shape(pen.inner(x + nudge[0], y + nudge[1], size), parts[1], colours[0], tilt)
    elif parts[1] == "in":
        draw_shape(pen, parts[2], colours[1])
        draw_shape(pen.inner(0, 0, 0.48), parts[0], colours[0], tilt)
    else:
        draw_shape(pen.inner(0, 0.46, 0.52), parts[2], colours[1])
        draw_shape(pen.inner(0, -0.46, 0.46), parts[0], colours[0])


def _varied(colour: RGB, rng: np.random.Generator) -> RGB:
    red, green, blue = np.clip(np.array(colour) + rng.integers(-9, 10, 3), 0, 255).tolist()
    return (red, green, blue)
