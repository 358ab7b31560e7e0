"""The true concepts of the miniature corpus: their names in English and Chinese, and how common each is.

Frequencies follow a Zipf-Mandelbrot law over a fixed ranking, as concepts of crawled corpora do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from concept_vocab.wordnet.sense_types import ConceptType
from transforms import keyed


class Family(StrEnum):
    """What kind of thing a concept is, and so how it is drawn."""

    SHAPE = "shape"  # parts: colour, shape
    TEXTURE = "texture"  # parts: texture, shape
    COUNT = "count"  # parts: number, shape
    RELATION = "relation"  # parts: upper or inner shape, "on" or "in", lower or outer shape
    OBJECT = "object"
    WORD = "word"
    CHART = "chart"
    BACKGROUND = "background"


#: The type that the shipped vocabulary gives each. A coloured shape is told by what it looks like.
TYPES: Mapping[Family, ConceptType] = MappingProxyType(
    {
        Family.SHAPE: "attribute",
        Family.TEXTURE: "attribute",
        Family.COUNT: "attribute",
        Family.RELATION: "attribute",
        Family.OBJECT: "entity",
        Family.WORD: "text",
        Family.CHART: "text",
        Family.BACKGROUND: "scene",
    }
)


@dataclass(frozen=True)
class Concept:
    """``weight`` is proportional to how often the concept is meant to be drawn; ``theme`` decides its company."""

    name: str
    chinese: str
    family: Family
    parts: tuple[str, ...] = ()
    theme: str = ""
    weight: float = 0.0


COLOURS = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "turquoise": "青色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "brown": "棕色",
    "black": "黑色",
    "white": "白色",
    "gray": "灰色",
}
SHAPES = {
    "circle": "圆形",
    "square": "正方形",
    "triangle": "三角形",
    "star": "五角星",
    "heart": "心形",
    "hexagon": "六边形",
    "diamond": "菱形",
    "crescent": "月牙",
    "cross": "十字",
    "ring": "圆环",
    "arrow": "箭头",
    "semicircle": "半圆",
}
TEXTURES = {"striped": "条纹", "dotted": "波点", "checkered": "格子"}
NUMBERS = {"two": "两个", "three": "三个", "four": "四个", "five": "五个"}
NUMBER_VALUES = {"two": 2, "three": 3, "four": 4, "five": 5}
PLURALS = {"cross": "crosses"}

#: Thin shapes show no texture, and small ones of these tell themselves apart badly in a group.
TEXTURED_SHAPES = tuple(shape for shape in SHAPES if shape not in ("ring", "crescent"))
COUNTED_SHAPES = ("circle", "square", "triangle", "star", "heart", "diamond", "ring", "arrow")

_INSIDE = (
    "star circle, heart square, triangle circle, square hexagon, circle square, cross circle, diamond square, "
    "star hexagon, heart circle, circle diamond, crescent square, arrow circle"
)
_ON_TOP = (
    "circle square, star square, triangle square, heart hexagon, square circle, diamond circle, "
    "cross square, star semicircle, heart square, circle hexagon"
)

#: theme: name 中文, …
_OBJECTS = {
    "seaside": "sailing boat 帆船, fish 鱼, lighthouse 灯塔, anchor 船锚, umbrella 雨伞, octopus 章鱼",
    "garden": "flower 花, tree 大树, butterfly 蝴蝶, mushroom 蘑菇, ladybird 瓢虫, snail 蜗牛",
    "city": "house 房子, car 汽车, traffic light 红绿灯, bus 公交车, bicycle 自行车, street lamp 路灯",
    "winter": "snowman 雪人, pine tree 松树, gift box 礼物盒, candle 蜡烛",
    "kitchen": "cup 杯子, apple 苹果, cherries 樱桃, cake 蛋糕, ice cream cone 冰淇淋, fried egg 煎蛋, watermelon 西瓜",
    "night": "rocket 火箭, flying saucer 飞碟, ringed planet 带环行星, owl 猫头鹰",
    "desert": "cactus 仙人掌, pyramid 金字塔",
    "school": "book 书, pencil 铅笔, clock 时钟, key 钥匙, envelope 信封, light bulb 灯泡",
    "play": "smiling face 笑脸, balloon 气球, kite 风筝, robot 机器人, cat 猫, flag 旗子, crown 皇冠",
}
_BACKGROUNDS = {
    "seaside": "sunset sky 日落天空, sandy beach 沙滩, underwater scene 水下世界",
    "garden": "green meadow 绿草地, forest 森林, autumn leaves 秋叶",
    "city": "city skyline 城市天际线, brick wall 砖墙, rainy day 雨天",
    "winter": "snowy field 雪地, mountains 群山",
    "kitchen": "wooden table 木桌, checkered tablecloth 格子桌布",
    "night": "starry night 星空, northern lights 极光, fireworks 烟花",
    "desert": "sand dunes 沙丘",
    "school": "graph paper 方格纸, lined paper 横线纸, chalkboard 黑板",
    "play": "blue sky 蓝天, rainbow 彩虹, polka dot wallpaper 圆点墙纸, confetti 彩纸屑",
}
_CHARTS = (
    "bar chart 柱状图, horizontal bar chart 条形图, line chart 折线图, pie chart 饼图, donut chart 环形图, "
    "scatter plot 散点图, area chart 面积图, radar chart 雷达图, table of numbers 数字表格"
)
_WORDS = (
    "SALE OPEN STOP HELLO LOVE COFFEE MUSIC SUMMER EXIT FREE NEWS PIZZA GAME TAXI HOTEL LEMON RADIO OCEAN WINTER "
    "BANK ZOO QUIZ MILK JAZZ"
)

#: The commonest concepts, by hand; the others are ranked by the hash of their names.
_HEAD = (
    "blue sky",
    "red circle",
    "tree",
    "house",
    "blue square",
    "yellow star",
    "bar chart",
    "the word SALE",
    "flower",
    "green meadow",
    "red heart",
    "car",
)


def plural(shape: str) -> str:
    return PLURALS.get(shape, shape + "s")


def _named(text: str, family: Family, theme: str = "") -> list[Concept]:
    pairs = (item.strip().rsplit(" ", 1) for item in text.split(","))
    return [Concept(name, chinese, family, (name,), theme) for name, chinese in pairs]


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(upper, lower) for upper, lower in (item.split() for item in text.split(","))]


def _compounds() -> list[Concept]:
    """Coloured, textured and counted shapes, and two shapes in relation."""
    shapes = [
        Concept(f"{colour} {shape}", f"{COLOURS[colour]}{SHAPES[shape]}", Family.SHAPE, (colour, shape))
        for colour in COLOURS
        for shape in SHAPES
    ]
    textures = [
        Concept(f"{texture} {shape}", f"{TEXTURES[texture]}{SHAPES[shape]}", Family.TEXTURE, (texture, shape))
        for texture in TEXTURES
        for shape in TEXTURED_SHAPES
    ]
    counts = [
        Concept(f"{number} {plural(shape)}", f"{NUMBERS[number]}{SHAPES[shape]}", Family.COUNT, (number, shape))
        for number in NUMBERS
        for shape in COUNTED_SHAPES
    ]
    relations = [
        Concept(
            name=f"{upper} {english} {lower}",
            chinese=f"{SHAPES[lower]}{chinese}{SHAPES[upper]}",
            family=Family.RELATION,
            parts=(upper, code, lower),
        )
        for code, english, chinese, pairs in (
            ("in", "inside a", "里的", _INSIDE),
            ("on", "on top of a", "上面的", _ON_TOP),
        )
        for upper, lower in _pairs(pairs)
    ]
    return [*shapes, *textures, *counts, *relations]


def _ranked() -> tuple[Concept, ...]:
    concepts = _compounds()
    for theme, text in _OBJECTS.items():
        concepts += _named(text, Family.OBJECT, theme)
    for theme, text in _BACKGROUNDS.items():
        concepts += _named(text, Family.BACKGROUND, theme)
    concepts += _named(_CHARTS, Family.CHART, "school")
    concepts += [Concept(f"the word {word}", f"单词{word}", Family.WORD, (word,)) for word in _WORDS.split()]
    order = {name: rank for rank, name in enumerate(_HEAD)}
    concepts.sort(key=lambda concept: (order.get(concept.name, len(order)), keyed.hash64("rank", concept.name)))
    # Zipf-Mandelbrot with exponent 1 and shift 1: the head is about 170 times as common as the tail
    return tuple(
        Concept(c.name, c.chinese, c.family, c.parts, c.theme, 1 / (rank + 2)) for rank, c in enumerate(concepts)
    )


#: Every true concept, commonest first.
CONCEPTS = _ranked()
BY_NAME = {concept.name: concept for concept in CONCEPTS}
