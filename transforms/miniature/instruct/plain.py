"""The rows that nothing is wrong with: quotas by source and category, pictures dealt, questions drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from transforms.miniature.instruct.chart_questions import chart_exchanges
from transforms.miniature.instruct.charts import chart_of
from transforms.miniature.instruct.diagrams import TYPES_OF, diagram_exchanges, diagram_number, diagram_of
from transforms.miniature.instruct.documents import receipt_exchanges, receipt_of
from transforms.miniature.instruct.rows import Category, Exchange, Form, Language, Picture, PictureKind, Row, Suffix
from transforms.miniature.instruct.scene_questions import (
    blind_exchange,
    caption_exchanges,
    comparison_exchanges,
    general_exchanges,
    grounding_exchanges,
    is_unsafe,
    known_scene,
)
from transforms.miniature.instruct.sources import SOURCES, Shape, Source
from transforms.miniature.instruct.text_questions import text_exchange
from transforms.miniature.pictures.scenes import generator

_MOST_ROWS_PER_PICTURE = 5
_RANGE = 1_000_000  # numbers of pictures: a range a purpose, so that none meets another's
_TURN_SHARES = (0.55, 0.16, 0.11, 0.08, 0.06, 0.04)  # of one, two … six exchanges
_SEVERAL_PICTURES_SHARE = 0.05  # of general rows in sources of conversations
_BLIND_SHARE = 0.02  # of general rows
_TRIANGLE_SHARE = 0.25  # of rows on code and mathematics in sources that hold pictures
_SYSTEM_SHARE = 0.06
_SUFFIX_SHARE = 0.3
_REASONING_SHARE = 0.5  # of exchanges that have some
_SHORT_FORMS = (Form.YES_NO, Form.NUMBER, Form.OPTION)

_KINDS = {
    Category.CHARTS: PictureKind.CHART,
    Category.OCR: PictureKind.DOCUMENT,
    Category.SCIENCE: PictureKind.DIAGRAM,
    Category.DOMAIN: PictureKind.DIAGRAM,
    Category.CODE: PictureKind.DIAGRAM,
}


def picture_of(category: Category, index: int, purpose: int = 0) -> Picture:
    """Picture ``index`` of those that a category asks about. Scenes with stand-ins for what is unsafe are passed over
    by the caller."""
    kind = _KINDS.get(category, PictureKind.SCENE)
    if kind is PictureKind.DIAGRAM:
        types = TYPES_OF[category]
        first = purpose * _RANGE + index
        return Picture(kind, diagram_number(types[first % len(types)], first))
    place = list(Category).index(category) * 100_000 if kind is PictureKind.SCENE else 0
    number = purpose * _RANGE + place + index
    return Picture(kind, number)


def exchanges_of(seed: int, category: Category, picture: Picture) -> list[Exchange]:
    """All that a category asks about a picture, one of each kind."""
    rng = generator(seed, f"instruct questions {picture.kind} {category}", picture.number)
    match picture.kind:
        case PictureKind.CHART:
            return chart_exchanges(chart_of(seed, picture.number, picture.sibling), rng)
        case PictureKind.DOCUMENT:
            return receipt_exchanges(receipt_of(seed, picture.number, picture.sibling), rng)
        case PictureKind.DIAGRAM:
            return diagram_exchanges(diagram_of(seed, picture.number, picture.sibling), rng)
    scene = known_scene(seed, picture.number)
    if category is Category.GROUNDING:
        return grounding_exchanges(scene, rng)
    if category is Category.CAPTIONING:
        return caption_exchanges(scene, rng)
    return general_exchanges(scene, rng)


def safe_pictures(seed: int, category: Category, count: int, purpose: int) -> list[Picture]:
    """The first ``count`` pictures of a category for a purpose that show no stand-in."""
    found: list[Picture] = []
    index = 0
    while len(found) < count:
        picture = picture_of(category, index, purpose)
        if picture.kind is not PictureKind.SCENE or not is_unsafe(seed, picture.number):
            found.append(picture)
        index += 1
    return found


@dataclass
class _Deck:
    """Deals the pictures of a category, each to a few rows, with questions that none of those before has asked."""

    seed: int
    category: Category
    index: int = -1
    picture: Picture | None = None
    rows_left: int = 0
    waiting: list[Exchange] = field(default_factory=list)

    def deal(self, wanted: int) -> tuple[Picture, tuple[Exchange, ...]]:
        """The picture, and up to ``wanted`` exchanges about it."""
        while self.picture is None or not self.waiting or not self.rows_left:
            self._next()
        self.rows_left -= 1
        dealt, self.waiting = self.waiting[:wanted], self.waiting[wanted:]
        return self.picture, tuple(dealt)

    def _next(self) -> None:
        while True:
            self.index += 1
            self.picture = picture_of(self.category, self.index)
            if self.picture.kind is not PictureKind.SCENE or not is_unsafe(self.seed, self.picture.number):
                break
        self.waiting = exchanges_of(self.seed, self.category, self.picture)
        rng = generator(self.seed, f"instruct rows a picture {self.category}", self.index)
        self.rows_left = int(rng.integers(1, _MOST_ROWS_PER_PICTURE, endpoint=True))


@dataclass
class _Dealer:
    seed: int
    decks: dict[Category, _Deck] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)  # questions without a picture
    groups: int = 0  # rows with several pictures
    blind: set[Picture] = field(default_factory=set)  # with a question that needs none of them

    def row(self, number: int, source: Source, category: Category) -> Row:
        rng = generator(self.seed, "instruct row", number)
        language = Language.CHINESE if rng.random() < source.chinese else Language.ENGLISH
        turns = 1 + int(rng.choice(len(_TURN_SHARES), p=_TURN_SHARES)) if source.is_chat else 1
        pictures, exchanges = self._content(source, category, turns, rng)
        if category is Category.GENERAL and rng.random() < _BLIND_SHARE and self._first_blind(pictures):
            exchanges = (blind_exchange(rng), *exchanges[1:])
        keeps = source.is_chat and rng.random() < _REASONING_SHARE
        exchanges = tuple(one if keeps else replace(one, reasoning=None) for one in exchanges)
        has_system = source.shape not in (Shape.VQA, Shape.CAPTION, Shape.TEXTS) and rng.random() < _SYSTEM_SHARE
        short = len(exchanges) == 1 and exchanges[0].form in _SHORT_FORMS and rng.random() < _SUFFIX_SHARE
        suffix = Suffix.SHORT if short else Suffix.NONE
        return Row(number, source.name, category, language, pictures, exchanges, has_system, suffix)

    def _content(
        self, source: Source, category: Category, turns: int, rng: np.random.Generator
    ) -> tuple[tuple[Picture, ...], tuple[Exchange, ...]]:
        if category is Category.CODE and (source.shape is Shape.ALPACA or rng.random() >= _TRIANGLE_SHARE):
            return (), tuple(self._text(rng) for _ in range(turns))
        if category is Category.GENERAL and source.is_chat and rng.random() < _SEVERAL_PICTURES_SHARE:
            return self._several(turns, rng)
        deck = self.decks.setdefault(category, _Deck(self.seed, category))
        if category is Category.CAPTIONING and not source.is_chat:
            turns = 1
        picture, exchanges = deck.deal(turns)
        return (picture,), exchanges

    def _first_blind(self, pictures: tuple[Picture, ...]) -> bool:
        if len(pictures) != 1 or pictures[0] in self.blind:
            return False
        self.blind.add(pictures[0])
        return True

    def _text(self, rng: np.random.Generator) -> Exchange:
        while True:
            exchange = text_exchange(rng)
            if exchange.question.en not in self.asked:
                self.asked.add(exchange.question.en)
                return exchange

    def _several(self, turns: int, rng: np.random.Generator) -> tuple[tuple[Picture, ...], tuple[Exchange, ...]]:
        count = int(rng.integers(2, 4))
        pictures: list[Picture] = []
        while len(pictures) < count:
            picture = picture_of(Category.GENERAL, self.groups, purpose=1)
            if not is_unsafe(self.seed, picture.number):
                pictures.append(picture)
            self.groups += 1
        scenes = [known_scene(self.seed, picture.number) for picture in pictures]
        return tuple(pictures), tuple(comparison_exchanges(scenes, rng)[:turns])


def plain_rows(seed: int, count: int) -> list[Row]:
    """``count`` rows in an order of their own, numbered from 0; shares as the sources state them."""
    slots = [(source, category) for (source, category), rows in quotas(count).items() for _ in range(rows)]
    by_name = {source.name: source for source in SOURCES}
    dealer = _Dealer(seed)
    order = generator(seed, "instruct order", 0).permutation(len(slots))
    return [dealer.row(number, by_name[slots[i][0]], slots[i][1]) for number, i in enumerate(order)]


def quotas(count: int) -> dict[tuple[str, Category], int]:
    """Rows of each source and category, ``count`` in all, by largest remainder; each at least one."""
    wanted = {(s.name, c): count * share / 1000 for s in SOURCES for c, share in s.shares.items()}
    rows = {cell: max(1, int(exact)) for cell, exact in wanted.items()}
    by_remainder = sorted(wanted, key=lambda cell: (rows[cell] - wanted[cell], cell))
    for cell in by_remainder[: count - sum(rows.values())]:
        rows[cell] += 1
    return rows
