"""Made things, each a few primitives in the unit frame."""

from __future__ import annotations

import numpy as np

from transforms.miniature.pictures.nature import BARK, GOLD, RED, WHITE, Drawing
from transforms.miniature.pictures.pen import INK, PAPER, RGB, Pen, darker, lighter, pick

GLASS: RGB = (190, 226, 244)
STEEL: RGB = (168, 176, 188)


def _boat(pen: Pen, rng: np.random.Generator) -> None:
    pen.line([(0, -0.98), (0, 0.5)], BARK, 0.08)
    pen.polygon([(0.07, -0.9), (0.07, 0.38), (0.8, 0.38)], pick(rng, WHITE, (250, 226, 150), (246, 160, 140)))
    pen.polygon([(-0.07, -0.7), (-0.07, 0.38), (-0.6, 0.38)], WHITE)
    hull = pick(rng, (190, 60, 56), (60, 90, 150), (130, 84, 52))
    pen.polygon([(-0.95, 0.48), (0.95, 0.48), (0.62, 0.92), (-0.62, 0.92)], hull, darker(hull))


def _lighthouse(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, RED, (60, 100, 180))
    pen.polygon([(-0.26, -0.5), (0.26, -0.5), (0.4, 1), (-0.4, 1)], WHITE)
    for i in range(2):
        y, half = -0.25 + 0.6 * i, 0.28 + 0.05 * i
        pen.polygon([(-half, y), (half, y), (half + 0.03, y + 0.3), (-half - 0.03, y + 0.3)], colour)
    pen.rectangle(-0.2, -0.8, 0.2, -0.5, (254, 236, 140), outline=INK)
    pen.polygon([(-0.28, -0.8), (0, -1), (0.28, -0.8)], colour)
    pen.polygon([(0.2, -0.65), (1, -0.9), (1, -0.45)], (254, 246, 190))


def _anchor(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (56, 68, 96), (80, 84, 96))
    pen.ellipse(0, -0.76, 0.2, 0.2, None, colour, 0.1)
    pen.line([(0, -0.6), (0, 0.9)], colour, 0.15)
    pen.line([(-0.42, -0.36), (0.42, -0.36)], colour, 0.13)
    pen.arc(0, 0.18, 0.76, 0.74, 0, 180, colour, 0.16)
    for side in (-1, 1):
        pen.polygon([(side * 0.98, 0.3), (side * 0.7, -0.1), (side * 0.42, 0.3)], colour)


def _umbrella(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (226, 70, 90), (60, 130, 210), (250, 190, 60), (120, 90, 180))
    pen.line([(0, -0.9), (0, 0.8)], BARK, 0.08)
    pen.arc(0.17, 0.8, 0.17, 0.17, 0, 180, BARK, 0.08)
    pen.pie(0, 0, 0.95, 0.85, 180, 360, colour)
    pen.pie(0, 0, 0.36, 0.85, 180, 360, lighter(colour, 0.55))


def _house(pen: Pen, rng: np.random.Generator) -> None:
    wall = pick(rng, (246, 226, 190), (220, 190, 170), (200, 216, 226))
    roof = pick(rng, (180, 70, 56), (110, 80, 70), (90, 100, 130))
    pen.rectangle(0.36, -0.85, 0.58, -0.3, darker(roof))
    pen.rectangle(-0.72, -0.1, 0.72, 0.9, wall)
    pen.polygon([(-0.95, -0.08), (0, -0.92), (0.95, -0.08)], roof, darker(roof))
    pen.rectangle(-0.18, 0.35, 0.18, 0.9, BARK)
    for x in (-0.52, 0.3):
        pen.rectangle(x, 0.1, x + 0.24, 0.34, GLASS, outline=INK)


def _car(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, RED, (50, 110, 200), (250, 190, 50), (90, 160, 110))
    pen.polygon([(-0.6, 0.05), (-0.38, -0.42), (0.3, -0.42), (0.6, 0.05)], colour)
    pen.polygon([(-0.45, 0.03), (-0.3, -0.32), (-0.05, -0.32), (-0.05, 0.03)], GLASS)
    pen.polygon([(0.05, 0.03), (0.05, -0.32), (0.24, -0.32), (0.43, 0.03)], GLASS)
    pen.rectangle(-0.98, 0.02, 0.98, 0.46, colour, rounded=0.16)
    for x in (-0.55, 0.55):
        pen.disc(x, 0.46, 0.25, INK)
        pen.disc(x, 0.46, 0.11, STEEL)
    pen.disc(0.88, 0.18, 0.08, (254, 244, 180))


def _traffic_light(pen: Pen, rng: np.random.Generator) -> None:
    pen.line([(0, 0.6), (0, 1)], (90, 94, 100), 0.14)
    pen.rectangle(-0.36, -0.98, 0.36, 0.7, pick(rng, (50, 54, 60), (70, 74, 60)), rounded=0.12)
    for y, colour in ((-0.66, (236, 64, 56)), (-0.14, (250, 200, 50)), (0.38, (70, 190, 90))):
        pen.disc(0, y, 0.22, colour)


def _bus(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (240, 180, 40), (200, 60, 60), (60, 130, 110))
    pen.rectangle(-0.98, -0.6, 0.98, 0.5, colour, rounded=0.12)
    for x in (-0.86, -0.4, 0.06, 0.52):
        pen.rectangle(x, -0.42, x + 0.34, -0.04, GLASS)
    pen.line([(-0.98, 0.16), (0.98, 0.16)], darker(colour), 0.06)
    for x in (-0.55, 0.55):
        pen.disc(x, 0.52, 0.22, INK)
        pen.disc(x, 0.52, 0.1, STEEL)


def _bicycle(pen: Pen, rng: np.random.Generator) -> None:
    frame = pick(rng, RED, (40, 120, 180), (60, 140, 80))
    for x in (-0.56, 0.56):
        pen.ellipse(x, 0.35, 0.42, 0.42, None, INK, 0.08)
    pen.line([(-0.56, 0.35), (-0.25, -0.25), (0.38, -0.25), (0, 0.35), (-0.56, 0.35)], frame, 0.09)
    pen.line([(0, 0.35), (-0.3, -0.42)], frame, 0.09)
    pen.line([(0.56, 0.35), (0.32, -0.52), (0.55, -0.6)], frame, 0.09)
    pen.line([(-0.48, -0.44), (-0.12, -0.44)], INK, 0.12)


def _street_lamp(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (60, 66, 78), (50, 60, 60))
    pen.disc(0, -0.62, 0.42, (254, 240, 170))
    pen.line([(0, -0.3), (0, 0.95)], colour, 0.12)
    pen.rectangle(-0.28, 0.88, 0.28, 1, colour)
    pen.polygon([(-0.2, -0.82), (0.2, -0.82), (0.14, -0.36), (-0.14, -0.36)], (255, 250, 214), colour)
    pen.polygon([(-0.3, -0.82), (0, -1), (0.3, -0.82)], colour)


def _gift(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (210, 60, 80), (70, 130, 190), (90, 160, 90), (150, 90, 180))
    ribbon = pick(rng, GOLD, (250, 240, 230))
    pen.rectangle(-0.7, -0.15, 0.7, 0.9, colour)
    pen.rectangle(-0.82, -0.38, 0.82, -0.1, darker(colour, 0.15))
    pen.rectangle(-0.13, -0.38, 0.13, 0.9, ribbon)
    for side in (-1, 1):
        pen.ellipse(side * 0.3, -0.6, 0.3, 0.2, None, ribbon, 0.13)


def _candle(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (246, 236, 214), (220, 90, 90), (150, 170, 220))
    pen.disc(0, -0.62, 0.36, (254, 236, 170))
    pen.polygon([(0, -1), (0.17, -0.55), (0, -0.38), (-0.17, -0.55)], (250, 150, 40))
    pen.line([(0, -0.45), (0, -0.2)], INK, 0.05)
    pen.rectangle(-0.24, -0.24, 0.24, 0.8, colour, rounded=0.06)
    pen.rectangle(-0.55, 0.78, 0.55, 0.95, (190, 150, 70), rounded=0.06)


def _cup(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (236, 240, 244), (90, 150, 200), (226, 110, 90))
    pen.ellipse(0.55, 0.2, 0.34, 0.34, None, darker(colour, 0.15), 0.13)
    pen.polygon([(-0.7, -0.35), (0.6, -0.35), (0.42, 0.8), (-0.52, 0.8)], colour, darker(colour), 0.04)
    pen.ellipse(-0.05, -0.35, 0.65, 0.14, (96, 60, 40), darker(colour), 0.04)
    for x in (-0.3, 0.15):
        pen.line([(x, -0.55), (x + 0.08, -0.7), (x - 0.04, -0.82), (x + 0.05, -0.98)], (236, 236, 236), 0.06)


def _cake(pen: Pen, rng: np.random.Generator) -> None:
    icing = pick(rng, (250, 180, 200), (170, 210, 250), (250, 240, 220))
    pen.rectangle(-0.85, 0.2, 0.85, 0.9, (210, 150, 96), rounded=0.08)
    pen.rectangle(-0.6, -0.3, 0.6, 0.25, (222, 166, 110), rounded=0.08)
    pen.rectangle(-0.85, 0.2, 0.85, 0.4, icing, rounded=0.1)
    pen.rectangle(-0.6, -0.32, 0.6, -0.12, icing, rounded=0.1)
    for x in (-0.35, 0, 0.35):
        pen.line([(x, -0.7), (x, -0.32)], (80, 150, 210), 0.09)
        pen.ellipse(x, -0.83, 0.08, 0.14, (252, 180, 50))


def _ice_cream(pen: Pen, rng: np.random.Generator) -> None:
    pen.polygon([(-0.42, -0.05), (0.42, -0.05), (0, 1)], (224, 170, 100), (176, 120, 60))
    for x0, x1 in ((-0.25, 0.16), (0.25, -0.16)):
        pen.line([(x0, -0.02), (x1, 0.6)], (186, 130, 70), 0.04)
    for x, y, colour in ((-0.26, -0.25, (250, 214, 170)), (0.26, -0.25, (170, 214, 160)), (0, -0.6, (246, 150, 180))):
        pen.disc(x, y, 0.36, pick(rng, colour))
    pen.disc(0, -0.93, 0.09, (200, 30, 50))


def _rocket(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, RED, (60, 120, 210), (250, 150, 50))
    pen.polygon([(-0.2, 0.55), (0.2, 0.55), (0, 1)], (252, 180, 50))
    for side in (-1, 1):
        pen.polygon([(side * 0.28, 0.1), (side * 0.65, 0.66), (side * 0.26, 0.55)], colour)
    pen.polygon(
        [(0, -1), (0.24, -0.6), (0.3, 0), (0.24, 0.58), (-0.24, 0.58), (-0.3, 0), (-0.24, -0.6)], (240, 242, 246)
    )
    pen.polygon([(0, -1), (0.24, -0.6), (-0.24, -0.6)], colour)
    pen.ellipse(0, -0.2, 0.16, 0.16, GLASS, INK, 0.06)


def _saucer(pen: Pen, rng: np.random.Generator) -> None:
    pen.polygon([(-0.3, 0.2), (0.3, 0.2), (0.62, 0.98), (-0.62, 0.98)], (196, 240, 190))
    pen.ellipse(0, -0.25, 0.42, 0.46, GLASS, (110, 130, 150))
    pen.ellipse(0, 0.05, 0.98, 0.3, pick(rng, STEEL, (150, 160, 190)), INK, 0.03)
    for x, colour in ((-0.6, RED), (-0.2, GOLD), (0.2, (80, 200, 120)), (0.6, (90, 140, 240))):
        pen.disc(x, 0.08, 0.1, colour)


def _book(pen: Pen, rng: np.random.Generator) -> None:
    cover = pick(rng, (170, 60, 60), (50, 90, 140), (80, 120, 80))
    pen.polygon([(-0.98, -0.48), (0, -0.36), (0.98, -0.48), (0.98, 0.62), (0, 0.74), (-0.98, 0.62)], cover)
    for side in (-1, 1):
        pen.polygon([(0, -0.42), (side * 0.88, -0.58), (side * 0.88, 0.48), (0, 0.64)], PAPER)
        for y in (-0.3, -0.1, 0.1, 0.3):
            pen.line([(side * 0.15, y + 0.04), (side * 0.74, y - 0.05)], (150, 150, 156), 0.05)
    pen.line([(0, -0.42), (0, 0.68)], darker(cover), 0.05)


def _pencil(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, GOLD, (230, 90, 70), (80, 160, 110))
    pen.polygon([(-0.9, 0.9), (-0.78, 0.45), (-0.45, 0.78)], (240, 210, 170))
    pen.polygon([(-0.9, 0.9), (-0.86, 0.74), (-0.74, 0.86)], INK)
    pen.polygon([(-0.78, 0.45), (0.5, -0.83), (0.83, -0.5), (-0.45, 0.78)], colour, darker(colour), 0.04)
    pen.polygon([(0.5, -0.83), (0.65, -0.98), (0.98, -0.65), (0.83, -0.5)], (240, 150, 160))


def _clock(pen: Pen, rng: np.random.Generator) -> None:
    rim = pick(rng, (60, 70, 90), (170, 60, 60), (150, 110, 60))
    pen.disc(0, 0, 0.95, rim)
    pen.disc(0, 0, 0.8, PAPER)
    for angle in np.arange(0, 2 * np.pi, np.pi / 6):
        pen.disc(0.66 * np.cos(angle), 0.66 * np.sin(angle), 0.05, INK)
    for length, width in ((0.4, 0.1), (0.6, 0.07)):
        angle = rng.uniform(0, 2 * np.pi)
        pen.line([(0, 0), (length * np.cos(angle), length * np.sin(angle))], INK, width)


def _key(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (226, 176, 60), STEEL)
    pen.ellipse(-0.58, 0, 0.38, 0.38, None, darker(colour), 0.22)
    pen.ellipse(-0.58, 0, 0.36, 0.36, None, colour, 0.17)
    pen.rectangle(-0.24, -0.09, 0.96, 0.09, colour)
    for x in (0.5, 0.78):
        pen.rectangle(x, 0.05, x + 0.14, 0.38, colour)


def _envelope(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (250, 240, 220), (220, 232, 246), (236, 206, 180))
    pen.rectangle(-0.95, -0.6, 0.95, 0.62, colour, outline=darker(colour))
    pen.line([(-0.95, 0.62), (-0.2, 0.0)], darker(colour), 0.05)
    pen.line([(0.95, 0.62), (0.2, 0.0)], darker(colour), 0.05)
    pen.polygon([(-0.95, -0.6), (0.95, -0.6), (0, 0.2)], lighter(colour, 0.3), darker(colour))
    pen.disc(0, 0.14, 0.14, RED)


def _bulb(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (254, 226, 110), (254, 240, 160))
    pen.polygon([(-0.42, 0.05), (0.42, 0.05), (0.24, 0.52), (-0.24, 0.52)], colour)
    pen.disc(0, -0.3, 0.6, colour, darker(colour, 0.2))
    pen.line([(-0.2, -0.15), (-0.1, 0.45), (0.1, 0.45), (0.2, -0.15)], (200, 130, 40), 0.05)
    for y in (0.58, 0.72, 0.86):
        pen.line([(-0.25, y), (0.25, y)], (130, 136, 146), 0.11)


def _face(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (252, 212, 60), (250, 200, 80))
    pen.disc(0, 0, 0.95, colour, darker(colour))
    for x in (-0.34, 0.34):
        pen.ellipse(x, -0.25, 0.11, 0.17, INK)
    pen.arc(0, 0.1, 0.55, 0.5, 15, 165, INK, 0.11)


def _balloon(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (236, 70, 90), (70, 140, 230), (110, 190, 90), (250, 170, 50))
    pen.line([(0, 0.4), (0.08, 0.62), (-0.06, 0.8), (0.04, 1)], INK, 0.04)
    pen.polygon([(0, 0.32), (0.12, 0.5), (-0.12, 0.5)], darker(colour, 0.2))
    pen.ellipse(0, -0.3, 0.56, 0.68, colour, darker(colour, 0.2))
    pen.ellipse(-0.2, -0.55, 0.1, 0.18, lighter(colour, 0.6))


def _kite(pen: Pen, rng: np.random.Generator) -> None:
    first, second = pick(rng, (240, 90, 80), (90, 170, 90)), pick(rng, (250, 200, 70), (90, 150, 230))
    pen.line([(0.1, 0.3), (-0.15, 0.55), (0.1, 0.75), (-0.1, 1)], INK, 0.04)
    pen.polygon([(0.1, -1), (0.65, -0.4), (0.1, 0.35)], first)
    pen.polygon([(0.1, -1), (-0.45, -0.4), (0.1, 0.35)], second)
    pen.line([(-0.45, -0.4), (0.65, -0.4)], INK, 0.04)
    for x, y in ((-0.1, 0.58), (0.03, 0.82)):
        pen.polygon([(x, y), (x + 0.2, y - 0.09), (x + 0.2, y + 0.09)], first)
        pen.polygon([(x, y), (x - 0.2, y - 0.09), (x - 0.2, y + 0.09)], second)


def _robot(pen: Pen, rng: np.random.Generator) -> None:
    colour = pick(rng, (150, 170, 190), (120, 180, 190), (190, 170, 140))
    pen.line([(0, -0.98), (0, -0.7)], INK, 0.06)
    pen.disc(0, -0.93, 0.08, RED)
    pen.rectangle(-0.5, -0.75, 0.5, -0.1, colour, rounded=0.1, outline=darker(colour))
    for x in (-0.22, 0.22):
        pen.disc(x, -0.48, 0.13, (252, 240, 150), INK)
    pen.rectangle(-0.25, -0.27, 0.25, -0.19, INK)
    for x in (-0.85, 0.67):
        pen.rectangle(x, 0.02, x + 0.18, 0.6, darker(colour, 0.2), rounded=0.08)
    pen.rectangle(-0.6, -0.02, 0.6, 0.7, darker(colour, 0.1), rounded=0.1)
    pen.rectangle(-0.3, 0.15, 0.3, 0.45, (90, 200, 150))
    for x in (-0.42, 0.18):
        pen.rectangle(x, 0.72, x + 0.24, 0.98, darker(colour))


def _flag(pen: Pen, rng: np.random.Generator) -> None:
    bands = [pick(rng, RED, (40, 90, 170), (60, 140, 80)), WHITE, pick(rng, (250, 200, 60), (50, 60, 80))]
    pen.line([(-0.7, -0.95), (-0.7, 1)], BARK, 0.11)
    for i, colour in enumerate(bands):
        y = -0.88 + 0.34 * i
        pen.polygon([(-0.64, y), (0.1, y + 0.1), (0.9, y), (0.9, y + 0.34), (0.1, y + 0.44), (-0.64, y + 0.34)], colour)


def _crown(pen: Pen, rng: np.random.Generator) -> None:
    gold = pick(rng, (244, 196, 50), (236, 180, 60))
    points = [(-0.8, 0.62), (-0.95, -0.45), (-0.45, 0.05), (0, -0.75), (0.45, 0.05), (0.95, -0.45), (0.8, 0.62)]
    pen.polygon(points, gold, darker(gold))
    for x, y in ((-0.95, -0.5), (0, -0.8), (0.95, -0.5)):
        pen.disc(x, y, 0.12, RED)
    for x, colour in ((-0.45, (70, 130, 220)), (0, RED), (0.45, (80, 170, 100))):
        pen.disc(x, 0.35, 0.13, colour)


THINGS: dict[str, Drawing] = {
    "sailing boat": _boat,
    "lighthouse": _lighthouse,
    "anchor": _anchor,
    "umbrella": _umbrella,
    "house": _house,
    "car": _car,
    "traffic light": _traffic_light,
    "bus": _bus,
    "bicycle": _bicycle,
    "street lamp": _street_lamp,
    "gift box": _gift,
    "candle": _candle,
    "cup": _cup,
    "cake": _cake,
    "ice cream cone": _ice_cream,
    "rocket": _rocket,
    "flying saucer": _saucer,
    "book": _book,
    "pencil": _pencil,
    "clock": _clock,
    "key": _key,
    "envelope": _envelope,
    "light bulb": _bulb,
    "smiling face": _face,
    "balloon": _balloon,
    "kite": _kite,
    "robot": _robot,
    "flag": _flag,
    "crown": _crown,
}
