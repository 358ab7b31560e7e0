"""Scene → picture: a background, and each element in a cell of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageChops

from transforms.miniature.concepts import Family
from transforms.miniature.pictures import backgrounds
from transforms.miniature.pictures.charts import draw_chart
from transforms.miniature.pictures.nature import NATURE
from transforms.miniature.pictures.pen import INK, PAPER, RGB, Pen, darker, font, pick
from transforms.miniature.pictures.scenes import Element, Scene, generator, scene_of
from transforms.miniature.pictures.shapes import draw_shapes
from transforms.miniature.pictures.things import THINGS

_SUPERSAMPLING = 2  # drawn twice as large and averaged: PIL draws without antialiasing
_QUALITIES = (85, 92)

Cell = tuple[float, float, float, float]  # left, top, right, bottom, as fractions of the picture

_ONE: tuple[tuple[Cell, ...], ...] = (((0.12, 0.08, 0.88, 0.94),), ((0.0, 0.1, 0.75, 0.9),), ((0.25, 0.1, 1.0, 0.9),))
_BESIDE: tuple[tuple[Cell, ...], ...] = (
    ((0.01, 0.08, 0.5, 0.92), (0.5, 0.08, 0.99, 0.92)),
    ((0.0, 0.0, 0.55, 0.8), (0.5, 0.25, 1.0, 1.0)),
    ((0.0, 0.25, 0.5, 1.0), (0.45, 0.0, 1.0, 0.8)),
)
_STACKED: tuple[tuple[Cell, ...], ...] = (
    ((0.08, 0.01, 0.92, 0.5), (0.08, 0.5, 0.92, 0.99)),
    ((0.0, 0.0, 0.8, 0.52), (0.2, 0.48, 1.0, 1.0)),
    ((0.2, 0.0, 1.0, 0.52), (0.0, 0.48, 0.8, 1.0)),
)
_WIDE_THREE: tuple[tuple[Cell, ...], ...] = (
    ((0.0, 0.0, 0.5, 0.52), (0.5, 0.0, 1.0, 0.52), (0.2, 0.48, 0.8, 1.0)),
    ((0.2, 0.0, 0.8, 0.52), (0.0, 0.48, 0.5, 1.0), (0.5, 0.48, 1.0, 1.0)),
    ((0.0, 0.1, 0.56, 0.9), (0.56, 0.0, 1.0, 0.5), (0.56, 0.5, 1.0, 1.0)),
    ((0.44, 0.1, 1.0, 0.9), (0.0, 0.0, 0.44, 0.5), (0.0, 0.5, 0.44, 1.0)),
)
_TALL_THREE: tuple[tuple[Cell, ...], ...] = (
    ((0.1, 0.0, 0.9, 0.52), (0.0, 0.52, 0.5, 1.0), (0.5, 0.52, 1.0, 1.0)),
    ((0.0, 0.0, 0.5, 0.48), (0.5, 0.0, 1.0, 0.48), (0.1, 0.48, 0.9, 1.0)),
)
_FOUR: tuple[tuple[Cell, ...], ...] = (
    ((0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 1.0, 0.5), (0.0, 0.5, 0.5, 1.0), (0.5, 0.5, 1.0, 1.0)),
)


def picture_of(seed: int, index: int, exponent: float = 1.0) -> tuple[Scene, Image.Image]:
    """Picture ``index`` of the corpus ``seed``; it depends on nothing else."""
    scene = scene_of(seed, index, exponent)
    return scene, draw(scene, generator(seed, "drawing", index))


def encoded_picture_of(seed: int, index: int) -> tuple[Scene, bytes]:
    """The same as JPEG."""
    scene, picture = picture_of(seed, index)
    quality = int(generator(seed, "quality", index).integers(*_QUALITIES, endpoint=True))
    return scene, encode_jpeg(picture, quality)


def encode_jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def draw(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """The picture of a scene; ``rng`` settles what the scene leaves open."""
    *_, canvas = _painted(scene, rng)
    return canvas.reduce(_SUPERSAMPLING)


def draw_located(scene: Scene, rng: np.random.Generator) -> tuple[Image.Image, list[tuple[float, float, float, float]]]:
    """As :func:`draw`, and for each element the box of the pixels that it changed: left, top, right, bottom."""
    painted = _painted(scene, rng)
    canvas = next(painted)
    boxes = []
    before = canvas.copy()
    for canvas in painted:
        left, top, right, bottom = ImageChops.difference(before, canvas).getbbox() or (0, 0, 0, 0)
        boxes.append((left / _SUPERSAMPLING, top / _SUPERSAMPLING, right / _SUPERSAMPLING, bottom / _SUPERSAMPLING))
        before = canvas.copy()
    return canvas.reduce(_SUPERSAMPLING), boxes


def _painted(scene: Scene, rng: np.random.Generator) -> Iterator[Image.Image]:
    """The canvas with its background, then again after each element."""
    width, height = scene.width * _SUPERSAMPLING, scene.height * _SUPERSAMPLING
    canvas = backgrounds.paint(scene.background.name if scene.background else None, width, height, rng)
    yield canvas
    for element, cell in zip(scene.elements, _cells(scene, rng), strict=True):
        _draw_element(canvas, element, cell, rng)
        yield canvas


def _cells(scene: Scene, rng: np.random.Generator) -> list[Cell]:
    """One cell an element, in an order of their own."""
    if not scene.elements:
        return []
    wide = scene.width >= scene.height
    choices = {
        1: _ONE,
        2: _BESIDE if wide else _STACKED,
        3: _WIDE_THREE if wide else _TALL_THREE,
        4: _FOUR,
    }[len(scene.elements)]
    cells = choices[rng.integers(len(choices))]
    return [cells[i] for i in rng.permutation(len(cells))]


def _draw_element(canvas: Image.Image, element: Element, cell: Cell, rng: np.random.Generator) -> None:
    left, top, right, bottom = cell
    width, height = (right - left) * canvas.width, (bottom - top) * canvas.height
    family, name = element.concept.family, element.concept.parts[0]
    radius = min(width, height) / 2 * float(rng.uniform(0.76, 0.95))
    if family is Family.WORD:
        radius = width / 2 * 0.92
    slack_x, slack_y = max(0.0, width / 2 - radius), max(0.0, height / 2 - radius)
    x = left * canvas.width + width / 2 + float(rng.uniform(-0.8, 0.8)) * slack_x
    y = top * canvas.height + height / 2 + float(rng.uniform(-0.8, 0.8)) * slack_y
    pen = Pen(canvas, (x, y), radius)
    if family is Family.WORD:
        _draw_word(pen, name, rng)
    elif family is Family.CHART:
        draw_chart(pen, name, rng)
    elif family is Family.OBJECT:
        (NATURE.get(name) or THINGS[name])(pen, rng)
    else:
        draw_shapes(pen, element, rng)


def _draw_word(pen: Pen, word: str, rng: np.random.Generator) -> None:
    """A sign as wide as the frame with the word on it."""
    board, letters = _SIGNS[rng.integers(len(_SIGNS))]
    board, letters = pick(rng, board), pick(rng, letters)
    size = pen.pixels(1.0)
    length = font(size).getlength(word) / pen.radius
    height = min(1.72 / length, 0.72)
    half_width, half_height = height * length / 2 + 0.12, height * 0.62
    pen.rectangle(-half_width, -half_height, half_width, half_height, board, rounded=0.1, outline=darker(board))
    pen.draw.text(pen.at(0, 0), word, fill=letters, font=font(pen.pixels(height)), anchor="mm", stroke_width=1)


_SIGNS: tuple[tuple[RGB, RGB], ...] = (
    (PAPER, INK),
    ((252, 214, 70), INK),
    ((200, 50, 56), PAPER),
    ((38, 78, 140), PAPER),
    ((40, 110, 74), PAPER),
    (INK, (252, 220, 100)),
)
