"""What lies behind the elements: places with a name, and plain colours without one.

Each ends under soft light of its own, so that no two pictures share their low frequencies, which is what a perceptual
hash compares.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from transforms.miniature.pictures.pen import RGB, Pen, darker, lighter, mix, pick

_GRID = (12, 16)  # rows and columns of the small grid
_LIGHTS = (6, 7)  # rows and columns of the soft light
_LIGHT_STRENGTH = 18.0  # of 255; one standard deviation

_RAINBOW: tuple[RGB, ...] = (
    (230, 70, 70),
    (246, 150, 60),
    (250, 220, 80),
    (96, 186, 96),
    (76, 130, 220),
    (140, 90, 190),
)

Painter = Callable[[Pen, np.random.Generator], None]

#: Colours from top to bottom of each named background.
_SKIES: dict[str, list[RGB]] = {
    "blue sky": [(92, 164, 232), (150, 202, 244), (206, 232, 250)],
    "sunset sky": [(86, 52, 118), (214, 84, 96), (250, 150, 80), (254, 212, 122)],
    "sandy beach": [(128, 200, 240), (190, 228, 244), (240, 220, 168), (232, 204, 146)],
    "underwater scene": [(60, 170, 200), (24, 112, 168), (12, 62, 112)],
    "green meadow": [(158, 212, 244), (206, 234, 244), (132, 190, 84), (96, 164, 62)],
    "forest": [(196, 220, 186), (134, 176, 124), (62, 104, 62)],
    "autumn leaves": [(248, 226, 190), (240, 204, 150)],
    "city skyline": [(176, 190, 222), (226, 206, 206), (246, 222, 196)],
    "brick wall": [(172, 84, 66), (156, 72, 56)],
    "rainy day": [(112, 124, 142), (146, 158, 172), (120, 132, 146)],
    "snowy field": [(184, 206, 230), (222, 234, 246), (246, 250, 254), (236, 242, 250)],
    "mountains": [(130, 180, 226), (204, 224, 240), (190, 208, 190)],
    "wooden table": [(186, 134, 84), (168, 114, 68)],
    "checkered tablecloth": [(250, 246, 240), (244, 240, 232)],
    "starry night": [(10, 12, 40), (22, 28, 76), (48, 50, 110)],
    "northern lights": [(8, 18, 44), (14, 44, 66), (20, 34, 54)],
    "fireworks": [(14, 10, 30), (30, 18, 52), (46, 26, 60)],
    "sand dunes": [(246, 206, 142), (250, 226, 178), (226, 176, 104)],
    "graph paper": [(246, 249, 252), (242, 246, 250)],
    "lined paper": [(254, 252, 238), (250, 247, 230)],
    "chalkboard": [(46, 82, 66), (38, 70, 58)],
    "rainbow": [(146, 200, 240), (196, 226, 246), (228, 242, 248)],
    "polka dot wallpaper": [(248, 220, 226), (246, 212, 222)],
    "confetti": [(254, 250, 244), (250, 244, 238)],
}
_PARTY: tuple[RGB, ...] = (
    (236, 72, 92),
    (250, 196, 48),
    (64, 176, 130),
    (70, 130, 226),
    (170, 96, 206),
    (250, 140, 60),
)


def paint(name: str | None, width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """A canvas with its background; ``None`` for a plain one."""
    colours = _SKIES[name] if name else _plain(rng)
    canvas = Image.fromarray(_grid(colours, rng, turned=name is None)).resize((width, height), Image.Resampling.BICUBIC)
    if name in _DETAILS:
        # a frame as wide as the picture: x runs over (-1, 1), y over ±height/width
        _DETAILS[name](Pen(canvas, (width / 2, height / 2), width / 2), rng)
    return _under_soft_light(canvas, rng)


def _plain(rng: np.random.Generator) -> list[RGB]:
    """Two colours that are neither strong nor equal, so that a shape of any colour shows."""
    tint = pick(rng, (206, 222, 236), (238, 226, 206), (218, 232, 214), (232, 216, 230), (226, 226, 226), (90, 98, 116))
    return [lighter(tint, float(rng.uniform(0, 0.5))), darker(tint, float(rng.uniform(0.02, 0.25)))]


def _grid(colours: list[RGB], rng: np.random.Generator, turned: bool) -> NDArray[np.uint8]:
    """(12, 16, 3) uint8: a gradient, of any direction if turned."""
    rows, columns = _GRID
    places = np.linspace(0, 1, len(colours))
    along = np.repeat(np.linspace(0, 1, rows)[:, None], columns, axis=1)
    if turned:
        angle = rng.uniform(0, 2 * np.pi)
        y, x = np.meshgrid(np.linspace(-0.5, 0.5, rows), np.linspace(-0.5, 0.5, columns), indexing="ij")
        along = np.clip(0.5 + x * np.cos(angle) + y * np.sin(angle), 0, 1)
    channels = np.array(colours, dtype=np.float64).T
    gradient = np.stack([np.interp(along, places, channel) for channel in channels], axis=-1)
    return np.asarray(gradient, dtype=np.uint8)


def _under_soft_light(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    lights = np.clip(128 + rng.normal(0, _LIGHT_STRENGTH, _LIGHTS), 0, 255).astype(np.uint8)
    light = Image.fromarray(np.repeat(lights[:, :, None], 3, axis=2)).resize(canvas.size, Image.Resampling.BICUBIC)
    return ImageChops.add(canvas, light, scale=1, offset=-128)


def _bottom(pen: Pen) -> float:
    return pen.canvas.height / pen.canvas.width


def _places(pen: Pen, rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    x, y = rng.uniform(-1, 1, count), rng.uniform(-1, 1, count) * _bottom(pen)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _hill(pen: Pen, rng: np.random.Generator, level: float, height: float, colour: RGB) -> None:
    """A rolling horizon at ``level`` of the picture's height (-1 top, 1 bottom)."""
    xs = np.linspace(-1, 1, 17)
    phase, waves = rng.uniform(0, 6.3), rng.uniform(1.5, 3.5)
    ys = level * _bottom(pen) + height * np.sin(waves * xs + phase)
    pen.polygon([(1, 2), (-1, 2), *zip(xs.tolist(), ys.tolist(), strict=True)], colour)


def _clouds(pen: Pen, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(2, 5))):
        x, y, size = rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.2) * _bottom(pen), rng.uniform(0.06, 0.12)
        for dx, scale in ((-1.1, 0.7), (0, 1.0), (1.0, 0.75), (2.0, 0.5)):
            pen.ellipse(x + dx * size, y - scale * size * 0.3, size * scale * 1.15, size * scale * 0.8, (250, 252, 254))


def _sunset(pen: Pen, rng: np.random.Generator) -> None:
    x, y = rng.uniform(-0.7, 0.7), rng.uniform(0.35, 0.6) * _bottom(pen)
    pen.disc(x, y, 0.22, (255, 206, 120))
    pen.disc(x, y, 0.17, (255, 238, 180))
    _hill(pen, rng, 0.82, 0.03, (92, 44, 84))


def _beach(pen: Pen, rng: np.random.Generator) -> None:
    b = _bottom(pen)
    level = rng.uniform(-0.1, 0.1) * b
    pen.rectangle(-1, level, 1, 0.42 * b, (52, 150, 200))
    for i in range(3):
        pen.line([(-1, level + (0.1 + 0.13 * i) * b), (1, level + (0.13 + 0.13 * i) * b)], (150, 212, 232), 0.012)
    _hill(pen, rng, 0.42, 0.035, pick(rng, (238, 214, 158)))


def _underwater(pen: Pen, rng: np.random.Generator) -> None:
    b = _bottom(pen)
    for x, y in _places(pen, rng, 14):
        pen.ellipse(x, y, 0.022, 0.022, None, (176, 226, 240), 0.008)
    for x in rng.uniform(-1, 1, 7):
        height = rng.uniform(0.25, 0.6) * b
        pen.line([(x, b), (x + 0.05, b - height / 2), (x - 0.02, b - height)], (30, 140, 110), 0.035)
    _hill(pen, rng, 0.9, 0.03, (196, 180, 132))


def _meadow(pen: Pen, rng: np.random.Generator) -> None:
    _hill(pen, rng, 0.05, 0.07, pick(rng, (150, 200, 96)))
    _hill(pen, rng, 0.4, 0.08, pick(rng, (112, 178, 72)))
    for x, y in _places(pen, rng, 26):
        if y > 0.45 * _bottom(pen):
            pen.disc(x, y, 0.016, pick(rng, (255, 255, 255), (250, 220, 90), (240, 140, 160)))


def _forest(pen: Pen, rng: np.random.Generator) -> None:
    b = _bottom(pen)
    for depth in range(3):
        colour = mix((150, 186, 140), (34, 84, 52), depth / 2)
        for x in np.linspace(-1.1, 1.1, 8) + rng.uniform(-0.08, 0.08, 8):
            top = (-0.75 + 0.45 * depth + rng.uniform(-0.1, 0.1)) * b
            pen.polygon([(x, top), (x + 0.17, top + 0.95 * b), (x - 0.17, top + 0.95 * b)], colour)
    _hill(pen, rng, 0.85, 0.02, (62, 92, 50))


def _autumn(pen: Pen, rng: np.random.Generator) -> None:
    for x, y in _places(pen, rng, 34):
        angle, size = rng.uniform(0, 6.3), rng.uniform(0.05, 0.09)
        dx, dy = size * np.cos(angle), size * np.sin(angle)
        leaf = [(x + dx, y + dy), (x - 0.5 * dy, y + 0.5 * dx), (x - dx, y - dy), (x + 0.5 * dy, y - 0.5 * dx)]
        pen.polygon(leaf, pick(rng, (206, 84, 36), (226, 140, 40), (172, 54, 40), (190, 150, 60)))


def _skyline(pen: Pen, rng: np.random.Generator) -> None:
    b, x = _bottom(pen), -1.0
    while x < 1:
        width, top = rng.uniform(0.12, 0.26), rng.uniform(-0.45, 0.35) * b
        colour = pick(rng, (96, 108, 140), (120, 124, 152), (84, 92, 120))
        pen.rectangle(x, top, x + width, b, colour)
        for row in np.arange(top + 0.06, b - 0.05, 0.12):
            for column in np.arange(x + 0.03, x + width - 0.04, 0.07):
                pen.rectangle(column, row, column + 0.03, row + 0.05, (250, 226, 150))
        x += width + 0.01


def _bricks(pen: Pen, rng: np.random.Generator) -> None:
    b, height, width = _bottom(pen), rng.uniform(0.1, 0.13), rng.uniform(0.26, 0.34)
    for row, y in enumerate(np.arange(-b, b, height)):
        pen.line([(-1, y), (1, y)], (224, 206, 192), 0.018)
        for x in np.arange(-1 + (row % 2) * width / 2, 1, width):
            pen.line([(x, y), (x, y + height)], (224, 206, 192), 0.018)


def _rain(pen: Pen, rng: np.random.Generator) -> None:
    for x, y in _places(pen, rng, 70):
        pen.line([(x, y), (x - 0.03, y + 0.11)], (208, 220, 234), 0.012)


def _snow(pen: Pen, rng: np.random.Generator) -> None:
    _hill(pen, rng, 0.1, 0.06, (236, 243, 251))
    _hill(pen, rng, 0.5, 0.06, (250, 252, 255))
    for x, y in _places(pen, rng, 40):
        pen.disc(x, y, float(rng.uniform(0.01, 0.02)), (255, 255, 255))


def _mountains(pen: Pen, rng: np.random.Generator) -> None:
    b = _bottom(pen)
    for x in rng.permutation(np.array([-0.75, -0.2, 0.35, 0.85])) + rng.uniform(-0.1, 0.1, 4):
        top, half = rng.uniform(-0.75, -0.25) * b, rng.uniform(0.45, 0.65)
        pen.polygon([(x, top), (x + half, b), (x - half, b)], pick(rng, (110, 126, 150), (94, 110, 136)))
        snow_line, snow_half = top + 0.28 * (b - top), 0.28 * half
        pen.polygon([(x, top), (x + snow_half, snow_line), (x - snow_half, snow_line)], (246, 249, 252))
    _hill(pen, rng, 0.72, 0.04, (120, 160, 104))


def _wood(pen: Pen, rng: np.random.Generator) -> None:
    b, plank = _bottom(pen), rng.uniform(0.3, 0.4)
    for y in np.arange(-b + rng.uniform(0, plank), b, plank):
        pen.line([(-1, y), (1, y)], (112, 72, 42), 0.016)
        for grain in rng.uniform(0.05, plank - 0.03, 4):
            x = rng.uniform(-1, 0.4)
            pen.line([(x, y - grain), (x + rng.uniform(0.3, 0.8), y - grain)], (150, 100, 60), 0.01)


def _tablecloth(pen: Pen, rng: np.random.Generator) -> None:
    b, step = _bottom(pen), rng.uniform(0.15, 0.19)
    colour = pick(rng, (214, 92, 92), (96, 138, 206), (104, 168, 112))
    for row, y in enumerate(np.arange(-b, b, step)):
        for column, x in enumerate(np.arange(-1, 1, step)):
            if row % 2 or column % 2:
                pen.rectangle(x, y, x + step, y + step, colour if row % 2 and column % 2 else lighter(colour, 0.5))


def _stars(pen: Pen, rng: np.random.Generator) -> None:
    for x, y in _places(pen, rng, 60):
        pen.disc(x, y, float(rng.uniform(0.006, 0.016)), pick(rng, (255, 250, 220), (214, 226, 255)))


def _aurora(pen: Pen, rng: np.random.Generator) -> None:
    b, xs = _bottom(pen), np.linspace(-1, 1, 48)
    for band in range(3):
        lower = (-0.4 + 0.35 * band) * b + 0.12 * np.sin(3 * xs + rng.uniform(0, 6.3)) + 0.02 * np.sin(17 * xs)
        colour = pick(rng, (64, 220, 150), (60, 190, 180), (130, 110, 210))
        for height, strength in ((0.34, 0.25), (0.24, 0.5), (0.13, 0.8)):
            edge = [*zip(xs, lower, strict=True), *zip(xs[::-1], lower[::-1] - height, strict=True)]
            pen.polygon([(float(x), float(y)) for x, y in edge], mix((14, 40, 60), colour, strength))
    _stars(pen, rng)
    _hill(pen, rng, 0.85, 0.05, (6, 14, 26))


def _fireworks(pen: Pen, rng: np.random.Generator) -> None:
    for x, y in _places(pen, rng, 6):
        colour, size = pick(rng, *_PARTY), rng.uniform(0.16, 0.3)
        for angle in np.linspace(0, 2 * np.pi, 14, endpoint=False):
            dx, dy = size * np.cos(angle), size * np.sin(angle)
            pen.line([(x + 0.3 * dx, y + 0.3 * dy), (x + dx, y + dy)], colour, 0.014)
            pen.disc(x + dx, y + dy, 0.018, lighter(colour))


def _dunes(pen: Pen, rng: np.random.Generator) -> None:
    for level, colour in ((0.0, (236, 190, 120)), (0.35, (222, 170, 98)), (0.68, (206, 150, 80))):
        _hill(pen, rng, level, 0.09, pick(rng, colour))


def _graph_paper(pen: Pen, rng: np.random.Generator) -> None:
    b, step = _bottom(pen), rng.uniform(0.09, 0.12)
    for x in np.arange(-1, 1, step):
        pen.line([(x, -b), (x, b)], (160, 200, 226), 0.01)
    for y in np.arange(-b, b, step):
        pen.line([(-1, y), (1, y)], (160, 200, 226), 0.01)


def _lined_paper(pen: Pen, rng: np.random.Generator) -> None:
    b = _bottom(pen)
    for y in np.arange(-b + 0.14, b, rng.uniform(0.12, 0.15)):
        pen.line([(-1, y), (1, y)], (120, 150, 206), 0.014)
    pen.line([(-0.78, -b), (-0.78, b)], (226, 96, 96), 0.018)


def _chalkboard(pen: Pen, rng: np.random.Generator) -> None:
    for x, y in _places(pen, rng, 7):
        pen.line([(x, y), (x + rng.uniform(0.2, 0.5), y + rng.uniform(-0.06, 0.06))], (70, 104, 90), 0.05)
    b = _bottom(pen)
    pen.line([(-1, -b), (1, -b), (1, b), (-1, b), (-1, -b)], (150, 104, 60), 0.09)


def _rainbow(pen: Pen, rng: np.random.Generator) -> None:
    x, y = rng.uniform(-0.3, 0.3), _bottom(pen) * rng.uniform(0.8, 1.1)
    for i, colour in enumerate(_RAINBOW):
        pen.arc(x, y, 1.15 - 0.075 * i, 1.15 - 0.075 * i, 180, 360, colour, 0.08)


def _polka(pen: Pen, rng: np.random.Generator) -> None:
    b, step = _bottom(pen), rng.uniform(0.17, 0.22)
    colour = pick(rng, (226, 120, 150), (120, 150, 220), (130, 180, 120))
    for row, y in enumerate(np.arange(-b, b + step, step)):
        for x in np.arange(-1 + (row % 2) * step / 2, 1 + step, step):
            pen.disc(x, y, step * 0.26, colour)


def _confetti(pen: Pen, rng: np.random.Generator) -> None:
    for x, y in _places(pen, rng, 80):
        dx, dy = rng.uniform(-0.05, 0.05, 2)
        pen.line([(x, y), (x + dx, y + dy)], pick(rng, *_PARTY), 0.028)


_DETAILS: dict[str | None, Painter] = {
    "blue sky": _clouds,
    "sunset sky": _sunset,
    "sandy beach": _beach,
    "underwater scene": _underwater,
    "green meadow": _meadow,
    "forest": _forest,
    "autumn leaves": _autumn,
    "city skyline": _skyline,
    "brick wall": _bricks,
    "rainy day": _rain,
    "snowy field": _snow,
    "mountains": _mountains,
    "wooden table": _wood,
    "checkered tablecloth": _tablecloth,
    "starry night": _stars,
    "northern lights": _aurora,
    "fireworks": _fireworks,
    "sand dunes": _dunes,
    "graph paper": _graph_paper,
    "lined paper": _lined_paper,
    "chalkboard": _chalkboard,
    "rainbow": _rainbow,
    "polka dot wallpaper": _polka,
    "confetti": _confetti,
}
