"""What can be asked about a scene, with its answers in both languages."""

from __future__ import annotations

import functools

import numpy as np

from transforms.miniature.captions import caption
from transforms.miniature.concepts import BY_NAME, COLOURS, CONCEPTS, NUMBER_VALUES, SHAPES, Family
from transforms.miniature.instruct.marks import box_mark
from transforms.miniature.instruct.rows import Bilingual, Exchange, Form
from transforms.miniature.pictures.scenes import Element, Scene, scene_of

#: Dull things that stand for what a safety gate is to stop, and so are shown in no other row.
UNSAFE_CONCEPTS = ("flying saucer", "crown")

_ABSENT = tuple(c for c in CONCEPTS if c.family is Family.OBJECT and c.name not in UNSAFE_CONCEPTS)
#: Answered by what everybody knows: a picture changes nothing.
_BLIND = (
    ("How many days does a week have?", "一个星期有几天？", "7", "7", Form.NUMBER),
    ("What colour is a ripe banana?", "成熟的香蕉是什么颜色？", "yellow", "黄色", Form.OPTION),
    ("How many legs does a spider have?", "蜘蛛有几条腿？", "8", "8", Form.NUMBER),
    ("Is ice colder than steam?", "冰比水蒸气冷吗？", "Yes", "是", Form.YES_NO),
    ("What is the capital of France?", "法国的首都是哪里？", "Paris", "巴黎", Form.OPTION),
    ("Which planet do we live on?", "我们生活在哪颗行星上？", "Earth", "地球", Form.OPTION),
    ("How many corners does a triangle have?", "三角形有几个角？", "3", "3", Form.NUMBER),
    ("Is the sun a star?", "太阳是恒星吗？", "Yes", "是", Form.YES_NO),
)


@functools.lru_cache(maxsize=256)
def known_scene(seed: int, number: int) -> Scene:
    """As :func:`scene_of`; a scene is looked at more than once before the next one is."""
    return scene_of(seed, number)


def is_unsafe(seed: int, number: int) -> bool:
    """Whether a scene shows a stand-in for what is to be stopped."""
    return any(concept.name in UNSAFE_CONCEPTS for concept in known_scene(seed, number).concepts)


def label_of(element: Element) -> Bilingual:
    """What an element is called."""
    concept, parts = element.concept, element.concept.parts
    match concept.family:
        case Family.TEXTURE:
            colour = element.colours[0]
            return Bilingual(f"{colour} {concept.name}", COLOURS[colour] + concept.chinese)
        case Family.COUNT:
            colour = element.colours[0]
            english = concept.name.replace(" ", f" {colour} ", 1)
            return Bilingual(english, concept.chinese.replace(SHAPES[parts[1]], COLOURS[colour] + SHAPES[parts[1]]))
        case Family.RELATION:
            upper, lower = (
                Bilingual(f"{c} {s}", COLOURS[c] + SHAPES[s])
                for c, s in zip(element.colours, element.shapes, strict=True)
            )
            if parts[1] == "in":
                return Bilingual(f"{upper.en} inside a {lower.en}", f"{lower.zh}里的{upper.zh}")
            return Bilingual(f"{upper.en} on top of a {lower.en}", f"{lower.zh}上面的{upper.zh}")
        case Family.WORD:
            return Bilingual(f"sign that reads {parts[0]}", f"写着{parts[0]}的牌子")
        case _:
            return Bilingual(concept.name, concept.chinese)


def caption_exchanges(scene: Scene, rng: np.random.Generator) -> list[Exchange]:
    """Two captions: short, and with where things stand."""
    short = Bilingual(caption(scene, False, rng), caption(scene, True, rng))
    names = [label_of(element) for element in scene.elements]
    place = scene.background
    detailed = Bilingual(
        f"The picture shows {', '.join(n.en for n in names)}"
        + (f". Behind is the {place.name}." if place else ". The background is plain."),
        f"图中有{'、'.join(n.zh for n in names)}" + (f"，背景是{place.chinese}。" if place else "，背景是纯色。"),
    )
    asked = (
        Bilingual("Describe the picture.", "描述这张图片。"),
        Bilingual("What does this picture show?", "这张图片画了什么？"),
        Bilingual("Write a caption for this picture.", "为这张图片写一句说明。"),
    )
    at_length = Bilingual("Describe the picture in detail.", "详细描述这张图片。")
    return [
        Exchange("caption", asked[rng.integers(len(asked))], short, Form.FREE),
        Exchange("caption at length", at_length, detailed, Form.FREE),
    ]


def general_exchanges(scene: Scene, rng: np.random.Generator) -> list[Exchange]:
    """One of each kind that the scene allows, in an order of their own."""
    found = [_presence(scene, rng), _choice(scene, rng), _list(scene), _kinds(scene)]
    if scene.background is not None:
        place = Bilingual(scene.background.name, scene.background.chinese)
        asked = Bilingual("What is in the background?", "背景是什么？")
        found.append(Exchange("background", asked, place, Form.OPTION))
    for element in scene.elements:
        if element.concept.family is Family.WORD:
            word = element.concept.parts[0]
            asked = Bilingual("Which word can be read?", "图中可以读到哪个单词？")
            found.append(Exchange("word", asked, Bilingual(word, word), Form.FREE))
    shapes = [(colour, shape) for element in scene.elements for colour, shape in _coloured(element)]
    if shapes:
        colour, shape = shapes[rng.integers(len(shapes))]
        asked = Bilingual(f"What colour is the {shape}?", f"{SHAPES[shape]}是什么颜色的？")
        found.append(Exchange("colour", asked, Bilingual(colour, COLOURS[colour]), Form.OPTION))
    return [found[i] for i in rng.permutation(len(found))]


def _coloured(element: Element) -> list[tuple[str, str]]:
    if element.concept.family is Family.COUNT:
        return []  # asked about in the plural, by grounding
    return list(zip(element.colours, element.shapes, strict=True))


def blind_exchange(rng: np.random.Generator) -> Exchange:
    """A question that needs no picture."""
    english, chinese, answer, answer_zh, form = _BLIND[rng.integers(len(_BLIND))]
    return Exchange("blind", Bilingual(english, chinese), Bilingual(answer, answer_zh), form, blind=True)


def _absent(scene: Scene, rng: np.random.Generator, count: int) -> list[Bilingual]:
    shown = {concept.name for concept in scene.concepts}
    others = [concept for concept in _ABSENT if concept.name not in shown]
    return [Bilingual(others[i].name, others[i].chinese) for i in rng.choice(len(others), count, replace=False)]


def _presence(scene: Scene, rng: np.random.Generator) -> Exchange:
    yes = bool(rng.random() < 0.5)
    thing = label_of(scene.elements[rng.integers(len(scene.elements))]) if yes else _absent(scene, rng, 1)[0]
    question = Bilingual(f"Can you see this in the picture: {thing.en}?", f"图中有{thing.zh}吗？")
    return Exchange("presence", question, Bilingual("Yes" if yes else "No", "是" if yes else "否"), Form.YES_NO)


def _choice(scene: Scene, rng: np.random.Generator) -> Exchange:
    shown = label_of(scene.elements[rng.integers(len(scene.elements))])
    choices, right = _absent(scene, rng, 3), int(rng.integers(4))
    choices.insert(right, shown)
    question = Bilingual("Which of these is in the picture?", "下列哪一项出现在图中？")
    return Exchange("choice", question, shown, Form.LETTER, tuple(choices), right)


def _list(scene: Scene) -> Exchange:
    names = [label_of(element) for element in scene.elements]
    answer = Bilingual(", ".join(n.en for n in names), "、".join(n.zh for n in names))
    return Exchange("list", Bilingual("List what you see.", "列出你看到的东西。"), answer, Form.LIST)


def _kinds(scene: Scene) -> Exchange:
    count = str(len(scene.elements))
    asked = Bilingual("How many different kinds of thing stand in front?", "前景里有几种不同的东西？")
    return Exchange("kinds", asked, Bilingual(count, count), Form.NUMBER)


def grounding_exchanges(scene: Scene, rng: np.random.Generator) -> list[Exchange]:
    """One of each kind, in an order of their own; boxes stand as marks."""
    one = int(rng.integers(len(scene.elements)))
    name, mark = label_of(scene.elements[one]), box_mark(one)
    names = [label_of(element) for element in scene.elements]
    everything = Bilingual(
        "\n".join(f"{n.en}: {box_mark(i)}" for i, n in enumerate(names)),
        "\n".join(f"{n.zh}：{box_mark(i)}" for i, n in enumerate(names)),
    )
    where = Bilingual(f"Where is the {name.en}? Give its bounding box.", f"{name.zh}在哪里？给出它的边界框。")
    what = Bilingual(f"What is in the region {mark}?", f"区域{mark}里是什么？")
    found = [
        Exchange("where", where, Bilingual(mark, mark), Form.BOX),
        Exchange("what", what, name, Form.OPTION),
        Exchange(
            "detect",
            Bilingual("Detect everything in front, with bounding boxes.", "检测前景中的所有物体，并给出边界框。"),
            everything,
            Form.LIST,
        ),
        _count(scene, rng),
    ]
    return [found[i] for i in rng.permutation(len(found))]


def _count(scene: Scene, rng: np.random.Generator) -> Exchange:
    counted = [element for element in scene.elements if element.concept.family is Family.COUNT]
    if counted:
        number, shape = counted[0].concept.parts
        value = NUMBER_VALUES[number]
    else:
        shapes = {shape for element in scene.elements for shape in element.shapes}
        absent = [name for name in SHAPES if name not in shapes]
        shape, value = (sorted(shapes)[0], 1) if shapes else (absent[rng.integers(len(absent))], 0)
    plural = "crosses" if shape == "cross" else shape + "s"
    asked = Bilingual(f"Count the {plural}.", f"数一数有几个{SHAPES[shape]}。")
    return Exchange("count", asked, Bilingual(str(value), str(value)), Form.NUMBER)


def comparison_exchanges(scenes: list[Scene], rng: np.random.Generator) -> list[Exchange]:
    """About two or three scenes."""
    shown = [{concept.name for concept in scene.concepts} for scene in scenes]
    one = int(rng.integers(len(scenes)))
    name = scenes[one].elements[0].concept.name
    holding = [str(i + 1) for i, names in enumerate(shown) if name in names]
    label = BY_NAME[name]
    which = Exchange(
        "which picture",
        Bilingual(f"Which pictures show this: {label.name}?", f"哪些图片里有{label.chinese}？"),
        Bilingual("Picture " + ", ".join(holding), "第" + "、".join(holding) + "张"),
        Form.LIST,
    )
    most = [len(scene.elements) for scene in scenes]
    total = str(sum(most))
    sum_of = Exchange(
        "kinds in all",
        Bilingual("Add up the kinds of thing that stand in front in each picture.", "把每张图前景里的种类数相加。"),
        Bilingual(total, total),
        Form.NUMBER,
    )
    same = shown[0] & shown[1]
    alike = Exchange(
        "in common",
        Bilingual("Do the first two pictures have a thing in common?", "前两张图有共同的东西吗？"),
        Bilingual("Yes" if same else "No", "是" if same else "否"),
        Form.YES_NO,
    )
    names = [label_of(scene.elements[0]) for scene in scenes]
    each = Exchange(
        "each picture",
        Bilingual("Name one thing from each picture, in order.", "按顺序说出每张图中的一样东西。"),
        Bilingual(", ".join(n.en for n in names), "、".join(n.zh for n in names)),
        Form.LIST,
    )
    found = [which, sum_of, alike, each]
    return [found[i] for i in rng.permutation(len(found))]
