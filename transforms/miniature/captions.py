"""Captions of a scene, English or Chinese, in varied words; each names every true concept."""

from __future__ import annotations

import numpy as np

from transforms.miniature.concepts import COLOURS, NUMBERS, SHAPES, TEXTURES, Family, plural
from transforms.miniature.pictures.scenes import Element, Scene

_LEADS = ("", "", "", "a picture of ", "a drawing of ", "an illustration of ", "clip art of ", "this picture shows ")
_BEFORE = (
    "{things} with {place} behind",
    "{things} in front of {place}",
    "{things} against {place}",
    "{place} with {things}",
)
_CHINESE_LEADS = ("", "", "图中有", "画面上有", "一幅插画：", "画的是", "这张图里有")
_CHINESE_BEFORE = (
    "{lead}{things}，背景是{place}",
    "{place}前的{things}",
    "以{place}为背景的{things}",
    "{lead}{things}和{place}",
)

#: Names that take no article: plurals and what cannot be counted.
_BARE = {
    "autumn leaves",
    "cherries",
    "confetti",
    "fireworks",
    "graph paper",
    "lined paper",
    "mountains",
    "northern lights",
    "polka dot wallpaper",
    "sand dunes",
}
_MEASURE_WORDS = {
    "座": ("house", "lighthouse", "pyramid"),
    "棵": ("tree", "pine tree", "cactus"),
    "辆": ("car", "bus", "bicycle"),
    "条": ("fish",),
    "朵": ("flower", "mushroom"),
    "只": ("butterfly", "ladybird", "snail", "octopus", "owl", "cat", "balloon", "kite"),
    "艘": ("sailing boat", "rocket"),
    "把": ("umbrella", "key"),
    "本": ("book",),
    "支": ("pencil", "candle", "ice cream cone"),
    "面": ("flag",),
    "张": ("table of numbers", "smiling face"),
    "颗": ("cherries", "ringed planet"),
    "盏": ("street lamp",),
}
_MEASURE_OF = {name: measure for measure, names in _MEASURE_WORDS.items() for name in names}


def caption(scene: Scene, chinese: bool, rng: np.random.Generator) -> str:
    """One sentence that names every true concept of the scene."""
    return _chinese_caption(scene, rng) if chinese else _english_caption(scene, rng)


def _one_of(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[rng.integers(len(choices))]


def _with_article(name: str) -> str:
    if name in _BARE:
        return name
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _joined(phrases: list[str], last: str, comma: str) -> str:
    return phrases[0] if len(phrases) == 1 else comma.join(phrases[:-1]) + last + phrases[-1]


def _english_caption(scene: Scene, rng: np.random.Generator) -> str:
    phrases = [_english_phrase(scene.elements[i], rng) for i in rng.permutation(len(scene.elements))]
    text = _joined(phrases, " and ", ", ")
    if scene.background is not None:
        text = _one_of(rng, _BEFORE).format(things=text, place=_with_article(scene.background.name))
    text = _one_of(rng, _LEADS) + text
    style = rng.integers(3)
    return text if style == 0 else text[0].upper() + text[1:] + "." * int(style == 2)


def _english_phrase(element: Element, rng: np.random.Generator) -> str:
    concept, parts = element.concept, element.concept.parts
    match concept.family:
        case Family.SHAPE:
            return _with_article(concept.name)
        case Family.TEXTURE:
            words = (element.colours[0], parts[0]) if rng.random() < 0.5 else (parts[0], element.colours[0])
            return _with_article(f"{words[0]} {words[1]} {parts[1]}")
        case Family.COUNT:
            return f"{parts[0]} {element.colours[0]} {plural(parts[1])}"
        case Family.RELATION:
            first, second = (_with_article(f"{c} {s}") for c, s in zip(element.colours, element.shapes, strict=True))
            return f"{first} {'inside' if parts[1] == 'in' else 'on top of'} {second}"
        case Family.WORD:
            return _one_of(rng, ("a sign with {}", "{} on a sign", "{}")).format(concept.name)
        case _:
            return _with_article(concept.name)


def _chinese_caption(scene: Scene, rng: np.random.Generator) -> str:
    phrases = [_chinese_phrase(scene.elements[i], rng) for i in rng.permutation(len(scene.elements))]
    text = _joined(phrases, _one_of(rng, ("和", "与", "以及")), "、")
    lead = _one_of(rng, _CHINESE_LEADS)
    if scene.background is None:
        text = lead + text
    else:
        text = _one_of(rng, _CHINESE_BEFORE).format(lead=lead, things=text, place=scene.background.chinese)
    return text + "。" * int(rng.random() < 0.4)


def _chinese_phrase(element: Element, rng: np.random.Generator) -> str:
    concept, parts = element.concept, element.concept.parts
    of = _one_of(rng, ("", "的"))
    coloured = [f"{COLOURS[c]}{of}{SHAPES[s]}" for c, s in zip(element.colours, element.shapes, strict=True)]
    match concept.family:
        case Family.SHAPE:
            return "一个" + coloured[0]
        case Family.TEXTURE:
            return f"一个{COLOURS[element.colours[0]]}{TEXTURES[parts[0]]}{SHAPES[parts[1]]}"
        case Family.COUNT:
            return NUMBERS[parts[0]] + coloured[0]
        case Family.RELATION:
            return f"{coloured[1]}{'里的' if parts[1] == 'in' else '上面的'}{coloured[0]}"
        case Family.WORD:
            return _one_of(rng, ("{}", "写着{}的牌子")).format(concept.chinese)
        case _:
            return f"一{_MEASURE_OF.get(concept.name, '个')}{concept.chinese}"
