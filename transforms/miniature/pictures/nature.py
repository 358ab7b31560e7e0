"""Animals, plants, food and places: each a few primitives in the unit frame. Made things are in :mod:`.things`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transforms.miniature.pictures.pen import INK, RGB, Pen, darker, lighter, pick

Drawing = Callable[[Pen, np.random.Generator], None]

LEAF: RGB = (76, 150, 70)
BARK: RGB = (122, 82, 50)
WHITE: RGB = (250, 250, 248)
RED: RGB = (214, 56, 56)
GOLD: RGB = (246, 200, 60)


def _fish(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (246, 140, 50), (240, 96, 96), (250, 196, 60))
    pen.polygon([(0.4, 0), (0.98, -0.5), (0.86, 0), (0.98, 0.5)], darker(colour, 0.15))
    pen.polygon([(-0.2, -0.4), (0.15, -0.75), (0.35, -0.3)], darker(colour, 0.15))
    pen.ellipse(-0.15, 0, 0.75, 0.48, colour, darker(colour))
    pen.arc(-0.45, 0, 0.3, 0.42, 290, 70, darker(colour), 0.05)
    pen.disc(-0.6, -0.12, 0.12, WHITE)
    pen.disc(-0.62, -0.12, 0.06, INK)


def _octopus(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (196, 84, 150), (226, 90, 90), (150, 90, 190))
    for i, x in enumerate((-0.6, -0.3, 0.0, 0.3, 0.6)):
        bend = 0.16 if i % 2 else -0.16
        pen.line([(x * 0.8, 0.1), (x * 1.2, 0.55), (x * 1.2 + bend, 0.95)], colour, 0.18)
    pen.ellipse(0, -0.3, 0.62, 0.64, colour, darker(colour))
    for x in (-0.22, 0.22):
        pen.disc(x, -0.25, 0.15, WHITE)
        pen.disc(x, -0.22, 0.07, INK)


def _flower(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (236, 88, 120), (250, 170, 60), (170, 110, 220), (250, 250, 250))
    pen.line([(0, 0), (0, 1)], LEAF, 0.1)
    pen.ellipse(0.25, 0.68, 0.25, 0.1, LEAF)
    pen.ellipse(-0.25, 0.78, 0.25, 0.1, LEAF)
    for angle in np.arange(0, 2 * np.pi, np.pi / 3):
        x, y = 0.4 * np.cos(angle), -0.35 + 0.4 * np.sin(angle)
        pen.ellipse(x, y, 0.26, 0.26, colour, darker(colour, 0.2), 0.03)
    pen.disc(0, -0.35, 0.22, GOLD, darker(GOLD))


def _tree(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, LEAF, (96, 168, 80), (60, 132, 76))
    pen.polygon([(-0.14, 1), (-0.1, 0), (0.1, 0), (0.14, 1)], BARK)
    for x, y, r in ((-0.42, -0.1, 0.42), (0.42, -0.1, 0.42), (0, -0.45, 0.52)):
        pen.disc(x, y, r, darker(colour, 0.12))
    for x, y, r in ((-0.3, -0.2, 0.3), (0.3, -0.22, 0.28), (-0.05, -0.52, 0.34)):
        pen.disc(x, y, r, lighter(colour, 0.12))


def _pine(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (30, 104, 72), (38, 120, 84))
    pen.rectangle(-0.12, 0.6, 0.12, 1, BARK)
    for top, bottom, half in ((0.0, 0.72, 0.75), (-0.45, 0.25, 0.58), (-0.98, -0.22, 0.42)):
        pen.polygon([(0, top), (half, bottom), (-half, bottom)], colour, darker(colour), 0.03)
        pen.line([(-half * 0.9, bottom - 0.03), (half * 0.9, bottom - 0.03)], (232, 242, 248), 0.07)


def _butterfly(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (250, 150, 50), (90, 140, 230), (236, 100, 160), (250, 210, 70))
    for side in (-1, 1):
        pen.ellipse(side * 0.5, -0.35, 0.44, 0.45, colour, INK, 0.05)
        pen.ellipse(side * 0.42, 0.42, 0.33, 0.38, lighter(colour, 0.25), INK, 0.05)
        pen.disc(side * 0.55, -0.38, 0.16, lighter(colour, 0.6))
        pen.line([(0, -0.5), (side * 0.25, -0.95)], INK, 0.05)
    pen.ellipse(0, 0, 0.09, 0.62, INK)


def _mushroom(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, RED, (190, 120, 70))
    pen.rectangle(-0.26, 0, 0.26, 0.92, (246, 236, 214), rounded=0.2)
    pen.pie(0, 0.15, 0.92, 1.0, 180, 360, colour)
    for x, y, r in ((-0.5, -0.15, 0.13), (0.05, -0.45, 0.17), (0.5, -0.12, 0.14)):
        pen.disc(x, y, r, WHITE)


def _ladybird(pen: Pen, rng: np.random.Generator) -> None:
    for y in (-0.3, 0.1, 0.5):
        pen.line([(-0.9, y), (0.9, y)], INK, 0.08)
    pen.disc(0, -0.55, 0.4, INK)
    pen.ellipse(0, 0.12, 0.72, 0.76, pick(rng, RED, (230, 80, 40)), INK)
    pen.line([(0, -0.62), (0, 0.88)], INK, 0.07)
    for x, y in ((-0.35, -0.15), (0.35, -0.15), (-0.38, 0.4), (0.38, 0.4)):
        pen.disc(x, y, 0.15, INK)


def _snail(pen: Pen, rng: np.random.Generator) -> None:
    body, shell = (222, 190, 140), pick(rng, (176, 104, 60), (200, 130, 90), (140, 110, 160))
    pen.polygon([(-0.98, 0.85), (-0.7, 0.5), (0.5, 0.55), (0.65, -0.2), (0.95, -0.15), (0.9, 0.7), (0.7, 0.85)], body)
    for x in (0.68, 0.92):
        pen.line([(x, -0.15), (x + 0.06, -0.6)], body, 0.07)
        pen.disc(x + 0.06, -0.62, 0.08, INK)
    pen.disc(-0.15, 0.12, 0.62, shell, darker(shell))
    for r in (0.42, 0.22):
        pen.arc(-0.15, 0.12, r, r, 40, 360, darker(shell), 0.07)


def _apple(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, RED, (140, 190, 60))
    pen.disc(-0.27, 0.15, 0.6, colour)
    pen.disc(0.27, 0.15, 0.6, colour)
    pen.ellipse(0, 0.35, 0.6, 0.52, colour)
    pen.line([(0, -0.35), (0.08, -0.85)], BARK, 0.1)
    pen.ellipse(0.35, -0.7, 0.28, 0.13, LEAF)
    pen.ellipse(-0.4, -0.08, 0.12, 0.2, lighter(colour, 0.5))


def _cherries(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (190, 30, 60), (220, 40, 50))
    pen.line([(-0.45, 0.35), (0.1, -0.85), (0.5, 0.45)], LEAF, 0.07)
    pen.ellipse(0.4, -0.78, 0.36, 0.15, LEAF)
    for x, y in ((-0.48, 0.5), (0.5, 0.58)):
        pen.disc(x, y, 0.4, colour, darker(colour))
        pen.disc(x - 0.12, y - 0.14, 0.09, lighter(colour, 0.6))


def _watermelon(pen: Pen, rng: np.random.Generator) -> None:
    pen.pie(0, -0.35, 1.0, 1.15, 0, 180, pick(rng, (50, 140, 70)))
    pen.pie(0, -0.35, 0.88, 1.0, 0, 180, (232, 244, 210))
    pen.pie(0, -0.35, 0.8, 0.9, 0, 180, (236, 76, 84))
    for x, y in ((-0.45, -0.15), (0, -0.1), (0.45, -0.15), (-0.22, 0.2), (0.22, 0.2)):
        pen.ellipse(x, y, 0.05, 0.09, INK)


def _owl(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (150, 108, 70), (120, 100, 96))
    pen.polygon([(-0.6, -0.4), (-0.6, -0.98), (-0.1, -0.7)], colour)
    pen.polygon([(0.6, -0.4), (0.6, -0.98), (0.1, -0.7)], colour)
    pen.ellipse(0, 0.1, 0.68, 0.85, colour, darker(colour))
    pen.ellipse(0, 0.42, 0.4, 0.46, lighter(colour, 0.5))
    for x in (-0.29, 0.29):
        pen.disc(x, -0.3, 0.27, WHITE, darker(colour))
        pen.disc(x, -0.3, 0.13, INK)
    pen.polygon([(-0.1, -0.12), (0.1, -0.12), (0, 0.1)], GOLD)


def _cactus(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (70, 150, 90), (90, 160, 80))
    pen.line([(-0.62, -0.35), (-0.62, 0.15), (0, 0.15)], colour, 0.24)
    pen.line([(0.62, -0.55), (0.62, 0.35), (0, 0.35)], colour, 0.24)
    pen.rectangle(-0.24, -0.95, 0.24, 1, colour, rounded=0.22)
    for x in (-0.1, 0.1):
        pen.line([(x, -0.75), (x, 0.95)], lighter(colour, 0.35), 0.04)
    pen.disc(0, -0.92, 0.13, (240, 110, 160))


def _cat(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (240, 170, 90), (150, 150, 156), (90, 84, 90), (236, 226, 214))
    for side in (-1, 1):
        pen.polygon([(side * 0.8, -0.1), (side * 0.72, -0.98), (side * 0.2, -0.55)], colour)
        pen.polygon([(side * 0.68, -0.3), (side * 0.65, -0.75), (side * 0.38, -0.5)], (244, 180, 190))
    pen.ellipse(0, 0.12, 0.86, 0.74, colour, darker(colour))
    for side in (-1, 1):
        pen.ellipse(side * 0.34, -0.02, 0.14, 0.19, (160, 210, 90))
        pen.ellipse(side * 0.34, -0.02, 0.05, 0.16, INK)
        for y in (0.3, 0.42):
            pen.line([(side * 0.3, y), (side * 0.98, y + (y - 0.36))], INK, 0.035)
    pen.polygon([(-0.1, 0.22), (0.1, 0.22), (0, 0.35)], (230, 110, 130))


def _snowman(pen: Pen, rng: np.random.Generator) -> None:
    pen.line([(-0.9, -0.15), (0.9, -0.15)], BARK, 0.06)
    for y, r in ((0.5, 0.5), (-0.12, 0.37), (-0.58, 0.28)):
        pen.disc(0, y, r, WHITE, (170, 190, 214))
    pen.rectangle(-0.34, -0.86, 0.34, -0.76, INK)
    pen.rectangle(-0.22, -1.0, 0.22, -0.8, INK)
    pen.line([(-0.26, -0.32), (0.26, -0.32)], pick(rng, RED, (60, 120, 200), (70, 150, 80)), 0.13)
    for x in (-0.1, 0.1):
        pen.disc(x, -0.62, 0.05, INK)
    pen.polygon([(0, -0.56), (0.3, -0.5), (0, -0.48)], (246, 130, 40))
    for y in (-0.05, 0.12, 0.4):
        pen.disc(0, y, 0.05, INK)


def _pyramid(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (222, 178, 104), (210, 160, 90))
    pen.polygon([(0.1, -0.8), (0.98, 0.75), (-0.98, 0.75)], colour)
    pen.polygon([(0.1, -0.8), (0.98, 0.75), (0.35, 0.75)], darker(colour, 0.25))
    for y in (-0.35, 0.02, 0.38):
        half = (y + 0.8) / 1.55
        pen.line([(0.1 - 1.08 * half, y), (0.1 + 0.88 * half, y)], darker(colour, 0.35), 0.03)


def _planet(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (236, 180, 110), (150, 170, 230), (226, 140, 120))
    ring = lighter(colour, 0.45)
    pen.arc(0, 0, 0.98, 0.34, 180, 360, ring, 0.12)
    pen.disc(0, 0, 0.6, colour, darker(colour))
    pen.arc(0, -0.15, 0.56, 0.2, 10, 170, darker(colour, 0.2), 0.08)
    pen.arc(0, 0, 0.98, 0.34, -8, 188, ring, 0.12)


def _egg(pen: Pen, rng: np.random.Generator) -> None:
    for x, y, r in ((-0.25, -0.1, 0.66), (0.35, 0.15, 0.58), (-0.1, 0.35, 0.55), (0.2, -0.35, 0.5)):
        pen.disc(x, y, r, (253, 252, 246))
    yolk = pick(rng, (250, 190, 40))
    pen.disc(0.05, 0.0, 0.36, yolk, darker(yolk, 0.2))
    pen.disc(-0.06, -0.12, 0.09, lighter(yolk, 0.7))


NATURE: dict[str, Drawing] = {
    "fish": _fish,
    "octopus": _octopus,
    "flower": _flower,
    "tree": _tree,
    "pine tree": _pine,
    "butterfly": _butterfly,
    "mushroom": _mushroom,
    "ladybird": _ladybird,
    "snail": _snail,
    "apple": _apple,
    "cherries": _cherries,
    "watermelon": _watermelon,
    "fried egg": _egg,
    "owl": _owl,
    "cactus": _cactus,
    "cat": _cat,
    "snowman": _snowman,
    "pyramid": _pyramid,
    "ringed planet": _planet,
}
