"""Small diagrams of science, of a trade and of geometry: facts, drawing them, and what can be asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image, ImageDraw

from transforms.miniature.instruct.rows import Bilingual, Category, Exchange, Form
from transforms.miniature.pictures.pen import INK, RGB, font
from transforms.miniature.pictures.scenes import generator

_SIZE = (200, 168)  # pixels


class DiagramType(StrEnum):
    THERMOMETER = "thermometer"
    FOOD_CHAIN = "food_chain"
    GAUGE = "gauge"
    SCOREBOARD = "scoreboard"
    TRIANGLE = "triangle"


#: Which diagrams a category asks about; number n of a category is of type n modulo their count.
TYPES_OF = {
    Category.SCIENCE: (DiagramType.THERMOMETER, DiagramType.FOOD_CHAIN),
    Category.DOMAIN: (DiagramType.GAUGE, DiagramType.SCOREBOARD),
    Category.CODE: (DiagramType.TRIANGLE,),
}
_STRIDE = 10  # numbers of diagrams: their type in the last digit
_CHAINS = (
    "grass 草,rabbit 兔子,fox 狐狸,eagle 老鹰",
    "algae 藻类,shrimp 虾,herring 鲱鱼,seal 海豹",
    "leaf 树叶,caterpillar 毛虫,robin 知更鸟,hawk 鹰",
    "wheat 小麦,mouse 老鼠,snake 蛇,owl 猫头鹰",
    "plankton 浮游生物,mussel 贻贝,crab 螃蟹,gull 海鸥",
)
_TEAMS = "Reds,Blues,Owls,Foxes,Bears,Hawks,Otters,Lions,Swifts,Wolves"
_GAUGES = ("Pump", "Boiler", "Tank", "Turbine", "Valve", "Chiller")
_TRIPLES = ((3, 4, 5), (5, 12, 13), (8, 15, 17), (7, 24, 25), (20, 21, 29), (9, 40, 41), (12, 35, 37))


@dataclass(frozen=True)
class Diagram:
    """``words`` and ``figures`` mean what the type says of them, in its drawing below."""

    kind: DiagramType
    words: tuple[Bilingual, ...]
    figures: tuple[int, ...]


def diagram_number(kind: DiagramType, index: int) -> int:
    """The number of diagram ``index`` of its type."""
    return index * _STRIDE + list(DiagramType).index(kind)


def diagram_of(seed: int, number: int, sibling: int = 0) -> Diagram:
    """Diagram ``number``; its siblings have other figures."""
    kind = list(DiagramType)[number % _STRIDE]
    rng = generator(seed, "instruct diagram", number)
    own = generator(seed, f"instruct diagram figures {sibling}", number)
    match kind:
        case DiagramType.THERMOMETER:
            return Diagram(kind, (), (int(own.integers(-8, 40)),))
        case DiagramType.FOOD_CHAIN:
            words = [word.split(" ") for word in _CHAINS[rng.integers(len(_CHAINS))].split(",")]
            return Diagram(kind, tuple(Bilingual(*word) for word in words), (int(own.integers(100, 999)),))
        case DiagramType.GAUGE:
            name = f"{_GAUGES[rng.integers(len(_GAUGES))]} {rng.integers(1, 40)}"
            return Diagram(kind, (Bilingual(name, name),), (int(own.integers(2, 99)),))
        case DiagramType.SCOREBOARD:
            teams = _TEAMS.split(",")
            names = [teams[i] for i in rng.choice(len(teams), 2, replace=False)]
            home, away = own.choice(90, 2, replace=False)
            return Diagram(kind, tuple(Bilingual(n, n) for n in names), (int(home), int(away), int(own.integers(1, 5))))
        case DiagramType.TRIANGLE:
            scale = int(own.integers(1, 9))
            return Diagram(kind, (), tuple(scale * side for side in _TRIPLES[own.integers(len(_TRIPLES))]))


def draw_diagram(diagram: Diagram, seed: int, number: int) -> Image.Image:
    rng = generator(seed, "instruct diagram drawing", number)
    tint: RGB = (int(rng.integers(228, 256)), int(rng.integers(232, 256)), int(rng.integers(228, 256)))
    canvas = Image.new("RGB", _SIZE, tint)
    draw = ImageDraw.Draw(canvas)
    ink: RGB = (int(rng.integers(20, 190)), int(rng.integers(20, 120)), int(rng.integers(20, 170)))
    {
        DiagramType.THERMOMETER: _thermometer,
        DiagramType.FOOD_CHAIN: _food_chain,
        DiagramType.GAUGE: _gauge,
        DiagramType.SCOREBOARD: _scoreboard,
        DiagramType.TRIANGLE: _triangle,
    }[diagram.kind](draw, diagram, ink)
    return canvas


def _thermometer(draw: ImageDraw.ImageDraw, diagram: Diagram, ink: RGB) -> None:
    """``figures``: degrees Celsius."""
    top = 128 - round((diagram.figures[0] + 10) * 2.1)
    draw.rounded_rectangle([52, 16, 68, 136], 8, fill=(255, 255, 255), outline=INK)
    draw.rectangle([56, top, 64, 136], fill=ink)
    draw.ellipse([46, 130, 74, 158], fill=ink, outline=INK)
    for degrees in range(-10, 41, 10):
        y = 128 - round((degrees + 10) * 2.1)
        draw.line([(70, y), (80, y)], fill=INK)
        draw.text((84, y), f"{degrees} °C", fill=INK, font=font(11), anchor="lm")
    draw.text((140, 150), f"{diagram.figures[0]} °C", fill=INK, font=font(16), anchor="mm")


def _food_chain(draw: ImageDraw.ImageDraw, diagram: Diagram, ink: RGB) -> None:
    """``words``: from the one that is eaten first to the last that eats; ``figures``: number of the plate."""
    for i, word in enumerate(diagram.words):
        y = 22 + 37 * i
        draw.rounded_rectangle([50, y - 11, 150, y + 11], 6, fill=(255, 255, 255), outline=ink, width=2)
        draw.text((100, y), word.en, fill=INK, font=font(12), anchor="mm")
        if i:
            draw.line([(100, y - 26), (100, y - 13)], fill=ink, width=2)
            draw.polygon([(96, y - 17), (104, y - 17), (100, y - 11)], fill=ink)
    draw.text((16, 84), f"Plate\n{diagram.figures[0]}", fill=INK, font=font(10), anchor="mm")


def _gauge(draw: ImageDraw.ImageDraw, diagram: Diagram, ink: RGB) -> None:
    """``words``: name of the machine; ``figures``: pressure in kilopascals."""
    value = diagram.figures[0]
    angle = math.radians(180 + 1.8 * value)
    draw.pieslice([30, 26, 170, 166], 180, 360, fill=(255, 255, 255), outline=INK, width=2)
    draw.line([(100, 96), (100 + 58 * math.cos(angle), 96 + 58 * math.sin(angle))], fill=ink, width=4)
    draw.text((100, 114), f"{value} kPa", fill=INK, font=font(16), anchor="mm")
    draw.text((100, 142), diagram.words[0].en, fill=INK, font=font(14), anchor="mm")


def _scoreboard(draw: ImageDraw.ImageDraw, diagram: Diagram, ink: RGB) -> None:
    """``words``: home, away; ``figures``: their points, and the quarter."""
    home, away, quarter = diagram.figures
    draw.rectangle([10, 20, 190, 148], fill=(30, 34, 42), outline=ink, width=4)
    for x, name, points in ((56, diagram.words[0].en, home), (144, diagram.words[1].en, away)):
        draw.text((x, 44), name, fill=(240, 240, 230), font=font(16), anchor="mm")
        draw.text((x, 84), str(points), fill=(250, 210, 70), font=font(34), anchor="mm")
    draw.text((100, 128), f"Q{quarter}", fill=(240, 240, 230), font=font(16), anchor="mm")


def _triangle(draw: ImageDraw.ImageDraw, diagram: Diagram, ink: RGB) -> None:
    """``figures``: the two short sides and the long one of a right triangle; the long one is not printed."""
    a, b, _ = diagram.figures
    height = min(110, max(30, round(150 * a / b)))
    draw.polygon([(24, 140), (174, 140), (24, 140 - height)], fill=(255, 255, 255), outline=ink, width=3)
    draw.rectangle([24, 130, 34, 140], outline=ink)
    draw.text((12, 140 - height // 2), str(a), fill=INK, font=font(13), anchor="mm")
    draw.text((99, 152), str(b), fill=INK, font=font(13), anchor="mm")
    draw.text((108, 130 - height // 2), "c", fill=INK, font=font(13), anchor="mm")


def diagram_exchanges(diagram: Diagram, rng: np.random.Generator) -> list[Exchange]:
    """One of each kind, in an order of their own."""
    found = {
        DiagramType.THERMOMETER: _about_thermometer,
        DiagramType.FOOD_CHAIN: _about_food_chain,
        DiagramType.GAUGE: _about_gauge,
        DiagramType.SCOREBOARD: _about_scoreboard,
        DiagramType.TRIANGLE: _about_triangle,
    }[diagram.kind](diagram)
    return [found[i] for i in rng.permutation(len(found))]


def _ask(kind: str, english: str, chinese: str, answer: str | Bilingual, form: Form = Form.NUMBER) -> Exchange:
    given = Bilingual(answer, answer) if isinstance(answer, str) else answer
    return Exchange(kind, Bilingual(english, chinese), given, form)


def _yes(is_so: bool) -> Bilingual:
    return Bilingual("Yes", "是") if is_so else Bilingual("No", "否")


def _about_thermometer(diagram: Diagram) -> list[Exchange]:
    degrees = diagram.figures[0]
    kelvin = f"$T = {degrees} + 273.15 = {degrees + 273.15:.2f}\\,\\mathrm{{K}}$"
    return [
        _ask("reading", "What temperature does the thermometer show?", "温度计显示多少度？", f"{degrees} °C"),
        _ask(
            "freezing", "Would pure water freeze at this temperature?",
            "在这个温度下纯水会结冰吗？", _yes(degrees < 0), Form.YES_NO,
        ),
        _ask(
            "kelvin", "Give the temperature in kelvin, as a formula.",
            "用公式写出开尔文温度。", kelvin, Form.FORMULA,
        ),
    ]  # fmt: skip


def _about_food_chain(diagram: Diagram) -> list[Exchange]:
    first, second, third, last = diagram.words
    chain = Bilingual(" → ".join(w.en for w in diagram.words), " → ".join(w.zh for w in diagram.words))
    return [
        _ask(
            "producer", "Which organism is the producer in this food chain?",
            "这条食物链中的生产者是什么？", first, Form.OPTION,
        ),
        _ask("top", "Which organism is at the top of the food chain?", "处于食物链顶端的是什么？", last, Form.OPTION),
        _ask("eats", f"What does the {third.en} eat?", f"{third.zh}吃什么？", second, Form.OPTION),
        _ask("chain", "Write the whole food chain.", "写出整条食物链。", chain, Form.LIST),
    ]  # fmt: skip


def _about_gauge(diagram: Diagram) -> list[Exchange]:
    name, value = diagram.words[0].en, diagram.figures[0]
    return [
        _ask(
            "pressure", f"What pressure does the gauge of {name} show?",
            f"{name} 的压力表读数是多少？", f"{value} kPa",
        ),
        _ask(
            "limit", "The limit is 80 kPa. Is it exceeded?",
            "压力上限是 80 kPa，是否超限？", _yes(value > 80), Form.YES_NO,
        ),
        _ask("machine", "Which machine does this gauge belong to?", "这个压力表属于哪台设备？", name, Form.FREE),
    ]  # fmt: skip


def _about_scoreboard(diagram: Diagram) -> list[Exchange]:
    (home, away), (ours, theirs, quarter) = (word.en for word in diagram.words), diagram.figures
    leader = home if ours > theirs else away
    return [
        _ask("leader", "Which team is leading?", "哪支球队领先？", leader, Form.OPTION),
        _ask("points", f"How many points do the {home} have?", f"{home} 队得了多少分？", str(ours)),
        _ask("margin", "What is the difference in points?", "两队相差多少分？", str(abs(ours - theirs))),
        _ask("quarter", "Which quarter is being played?", "现在是第几节？", str(quarter)),
    ]  # fmt: skip


def _about_triangle(diagram: Diagram) -> list[Exchange]:
    a, b, c = diagram.figures
    formula = f"$c = \\sqrt{{{a}^2 + {b}^2}} = {c}$"
    return [
        _ask(
            "hypotenuse", "Find the length c. Show the formula in LaTeX.",
            "求 c 的长度，用 LaTeX 写出公式。", formula, Form.FORMULA,
        ),
        _ask("area", "What is the area of the triangle?", "这个三角形的面积是多少？", f"{a * b / 2:g}"),
        _ask("perimeter", "What is the perimeter of the triangle?", "这个三角形的周长是多少？", str(a + b + c)),
    ]  # fmt: skip
