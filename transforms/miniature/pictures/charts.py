"""Charts and tables on a card of paper."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from transforms.miniature.pictures.pen import INK, RGB, Pen, lighter

#: Tableau's ten colours (https://www.tableau.com/blog/colors-upgrade-tableau-10-56782), the first six.
_SERIES: tuple[RGB, ...] = (
    (78, 121, 167),
    (242, 142, 43),
    (225, 87, 89),
    (118, 183, 178),
    (89, 161, 79),
    (237, 201, 72),
)
_GRID: RGB = (206, 210, 216)


def _card(pen: Pen) -> None:
    pen.rectangle(-0.98, -0.98, 0.98, 0.98, (253, 253, 252), outline=_GRID)


def _axes(pen: Pen) -> None:
    for y in (-0.5, -0.1, 0.3):
        pen.line([(-0.75, y), (0.85, y)], _GRID, 0.02)
    pen.line([(-0.75, -0.8), (-0.75, 0.75), (0.85, 0.75)], INK, 0.05)


def _colours(rng: np.random.Generator) -> list[RGB]:
    return [_SERIES[i] for i in rng.permutation(len(_SERIES))]


def _bars(pen: Pen, rng: np.random.Generator) -> None:
    _axes(pen)
    count = int(rng.integers(3, 6))
    width = 1.5 / count
    for i, colour in zip(range(count), _colours(rng), strict=False):
        left = -0.68 + i * width
        pen.rectangle(left, rng.uniform(-0.75, 0.35), left + width * 0.7, 0.73, colour)


def _horizontal_bars(pen: Pen, rng: np.random.Generator) -> None:
    count = int(rng.integers(3, 6))
    height = 1.5 / count
    for i, colour in zip(range(count), _colours(rng), strict=False):
        top = -0.75 + i * height
        pen.rectangle(-0.75, top, rng.uniform(-0.3, 0.85), top + height * 0.7, colour)
    pen.line([(-0.75, -0.85), (-0.75, 0.85)], INK, 0.05)


def _series(rng: np.random.Generator) -> list[tuple[float, float]]:
    xs = np.linspace(-0.7, 0.82, 7)
    return list(zip(xs.tolist(), np.clip(np.cumsum(rng.normal(0, 0.3, 7)), -0.75, 0.6).tolist(), strict=True))


def _lines(pen: Pen, rng: np.random.Generator) -> None:
    _axes(pen)
    for colour in _colours(rng)[: int(rng.integers(1, 4))]:
        points = _series(rng)
        pen.line(points, colour, 0.08)
        for x, y in points:
            pen.disc(x, y, 0.06, colour)


def _areas(pen: Pen, rng: np.random.Generator) -> None:
    first, second, *_ = _colours(rng)
    for colour, lift in ((first, -0.2), (second, 0.25)):
        points = [(x, min(y + lift, 0.6)) for x, y in _series(rng)]
        pen.polygon([(0.82, 0.75), (-0.7, 0.75), *points], lighter(colour, 0.25))
        pen.line(points, colour, 0.05)
    pen.line([(-0.75, -0.8), (-0.75, 0.75), (0.85, 0.75)], INK, 0.05)


def _slices(pen: Pen, rng: np.random.Generator) -> None:
    shares = rng.uniform(0.4, 1, int(rng.integers(3, 6)))
    bounds = rng.uniform(0, 360) + 360 * np.concatenate([[0], np.cumsum(shares / shares.sum())])
    for (start, end), colour in zip(pairwise(bounds.tolist()), _colours(rng), strict=False):
        pen.pie(0, 0, 0.82, 0.82, start, end, colour)


def _donut(pen: Pen, rng: np.random.Generator) -> None:
    _slices(pen, rng)
    pen.disc(0, 0, 0.42, (253, 253, 252))


def _scatter(pen: Pen, rng: np.random.Generator) -> None:
    _axes(pen)
    for colour in _colours(rng)[:2]:
        xs = rng.uniform(-0.65, 0.8, 14)
        ys = np.clip(rng.choice([-0.7, 0.7]) * xs + rng.normal(0, 0.25, 14), -0.8, 0.62)
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            pen.disc(x, y, 0.07, colour)


def _radar(pen: Pen, rng: np.random.Generator) -> None:
    angles = np.arange(6) * np.pi / 3 - np.pi / 2
    spokes = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for radius in (0.3, 0.6, 0.88):
        ring = [tuple(point) for point in (radius * spokes).tolist()]
        pen.line([*ring, ring[0]], _GRID, 0.035)
    for x, y in (0.88 * spokes).tolist():
        pen.line([(0, 0), (x, y)], _GRID, 0.035)
    colour = _colours(rng)[0]
    values = [tuple(point) for point in (rng.uniform(0.3, 0.88, (6, 1)) * spokes).tolist()]
    pen.polygon(values, lighter(colour, 0.35), colour, 0.08)


def _table(pen: Pen, rng: np.random.Generator) -> None:
    pen.rectangle(-0.88, -0.85, 0.88, -0.45, _colours(rng)[0])
    numbers = rng.integers(10, 100, (4, 3))
    for row in range(4):
        y = -0.25 + 0.33 * row
        pen.line([(-0.88, y + 0.16), (0.88, y + 0.16)], _GRID, 0.03)
        for column in range(3):
            pen.text(-0.58 + 0.58 * column, y, str(numbers[row, column]), 0.32, INK)
    for x in (-0.29, 0.29):
        pen.line([(x, -0.85), (x, 0.9)], _GRID, 0.03)


_CHARTS: dict[str, Callable[[Pen, np.random.Generator], None]] = {
    "bar chart": _bars,
    "horizontal bar chart": _horizontal_bars,
    "line chart": _lines,
    "area chart": _areas,
    "pie chart": _slices,
    "donut chart": _donut,
    "scatter plot": _scatter,
    "radar chart": _radar,
    "table of numbers": _table,
}


def draw_chart(pen: Pen, name: str, rng: np.random.Generator) -> None:
    """The chart or table called ``name``, with made-up figures."""
    _card(pen)
    _CHARTS[name](pen, rng)
