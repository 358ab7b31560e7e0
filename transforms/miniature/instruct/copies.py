"""Rows made from other rows: what a deduplication is to find, and what it is to leave alone."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from transforms.miniature.instruct.holding import another_source, has_boxes
from transforms.miniature.instruct.painting import orientation_of
from transforms.miniature.instruct.rows import (
    Bilingual,
    Category,
    Change,
    Exchange,
    Form,
    Language,
    Picture,
    PictureKind,
    Relation,
    Row,
    Suffix,
)
from transforms.miniature.instruct.scene_questions import caption_exchanges, known_scene
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.instruct.sources import SOURCES
from transforms.miniature.pictures.scenes import generator

#: Rows made of each relation in the full corpus: with pictures, and of texts alone.
COUNTS: dict[Relation, tuple[int, int]] = {
    Relation.EXACT: (160, 40),
    Relation.NEAR_IMAGE: (160, 0),
    Relation.NEAR_TEXT: (120, 40),
    Relation.CROPPED: (100, 0),
    Relation.TRANSLATED: (120, 40),
    Relation.CONFLICT: (120, 0),
    Relation.OTHER_QUESTION: (200, 0),
}
#: Scenes asked about alike in every convention of boxes.
CONVENTION_GROUPS = 30
#: Pairs of rows that say the same about different pictures, named in the truth; there are more.
OTHER_IMAGES = 200


def copied_rows(settings: InstructCorpusSettings, plain: list[Row], used: set[int]) -> Iterator[Row]:
    """Copies of plain rows, numbered after them. Rows copied from are added to ``used``; rows there are left alone."""
    number = len(plain)
    order = [plain[i] for i in generator(settings.seed, "instruct copies", 0).permutation(len(plain))]
    for relation, (pictured, textual) in COUNTS.items():
        for count, has_pictures in ((pictured, True), (textual, False)):
            wanted = settings.planted(count) if count else 0
            fits = functools.partial(_may_copy, relation=relation, has_pictures=has_pictures)
            for row in _free(order, used, fits, wanted, once_a_picture=relation is Relation.OTHER_QUESTION):
                yield _copy(settings.seed, row, relation, number)
                number += 1
    for row in _convention_originals(settings, order, used):
        for source in SOURCES:
            if source.takes_boxes and source.name != row.source:
                yield replace(row, number=number, source=source.name, relation=Relation.CONVENTION, original=row.number)
                number += 1


def num_copies(settings: InstructCorpusSettings) -> int:
    """How many rows :func:`copied_rows` makes, where there are plain rows enough."""
    single = sum(settings.planted(count) for counts in COUNTS.values() for count in counts if count)
    return single + settings.planted(CONVENTION_GROUPS) * (sum(source.takes_boxes for source in SOURCES) - 1)


def _free(
    order: list[Row], used: set[int], fits: Callable[[Row], bool], wanted: int, once_a_picture: bool = False
) -> list[Row]:
    found: list[Row] = []
    shown: set[Picture] = set()
    for row in order:
        if len(found) == wanted:
            break
        if row.number not in used and fits(row) and not (once_a_picture and shown & set(row.pictures)):
            used.add(row.number)
            shown |= set(row.pictures)
            found.append(row)
    return found


def _convention_originals(settings: InstructCorpusSettings, order: list[Row], used: set[int]) -> list[Row]:
    """Half of them stored on their side or mirrored."""
    wanted = settings.planted(CONVENTION_GROUPS)

    def is_single(row: Row) -> bool:
        return len(row.exchanges) == 1 and has_boxes(row.exchanges[0]) and not row.system

    def is_turned(row: Row) -> bool:
        return orientation_of(settings.seed, row.pictures[0]) > 1

    turned = _free(order, used, lambda row: is_single(row) and is_turned(row), -(-wanted // 2))
    return turned + _free(order, used, lambda row: is_single(row) and not is_turned(row), wanted - len(turned))


def _may_copy(row: Row, relation: Relation, has_pictures: bool) -> bool:
    if bool(row.pictures) is not has_pictures or any(map(has_boxes, row.exchanges)):
        return False
    single = len(row.exchanges) == 1 and len(row.pictures) == 1
    match relation:
        case Relation.NEAR_TEXT:
            return len(row.exchanges) == 1 and row.category is not Category.CAPTIONING
        case Relation.CROPPED:
            return single and row.pictures[0].kind is PictureKind.SCENE
        case Relation.NEAR_IMAGE:
            return single
        case Relation.CONFLICT:
            return single and row.exchanges[0].form in (Form.YES_NO, Form.LETTER) and not row.exchanges[0].blind
        case Relation.OTHER_QUESTION:
            return single and row.category is Category.GENERAL
        case _:
            return True


def _copy(seed: int, row: Row, relation: Relation, number: int) -> Row:
    rng = generator(seed, f"instruct copy {relation}", row.number)
    made = replace(row, number=number, relation=relation, original=row.number)
    match relation:
        case Relation.NEAR_IMAGE:
            change, strength = ((Change.REENCODE, 60.0), (Change.RESIZE, 0.85))[rng.integers(2)]
            made = replace(made, pictures=(replace(row.pictures[0], change=change, strength=strength),))
        case Relation.CROPPED:
            strength = (0.04, 0.08)[rng.integers(2)]
            made = replace(made, pictures=(replace(row.pictures[0], change=Change.CROP, strength=strength),))
        case Relation.NEAR_TEXT:
            made = replace(made, exchanges=(reworded(row.exchanges[0], rng),), suffix=_other_suffix(row))
        case Relation.TRANSLATED:
            other = Language.ENGLISH if row.language is Language.CHINESE else Language.CHINESE
            made = replace(made, language=other)
        case Relation.CONFLICT:
            made = replace(made, exchanges=(_contradicted(row.exchanges[0]),))
        case Relation.OTHER_QUESTION:
            captions = caption_exchanges(known_scene(seed, row.pictures[0].number), rng)
            made = replace(made, exchanges=(captions[0],), category=Category.CAPTIONING, suffix=Suffix.NONE)
    source = another_source(made, rng)
    return made if source is None else replace(made, source=source.name)


def reworded(exchange: Exchange, rng: np.random.Generator) -> Exchange:
    """The question in capitals, without its last mark, or asked politely: what normalising or shingles make equal."""
    english, chinese = exchange.question.en, exchange.question.zh
    how = int(rng.integers(3)) if "\n" not in english else 2
    if how == 0:
        question = Bilingual(english.upper() if "$" not in english else english + " ", chinese + "！")
    elif how == 1:
        question = Bilingual(english.rstrip("?.!"), chinese.rstrip("？。！"))
    else:
        question = Bilingual("Please answer: " + english, "请回答：" + chinese)
    return replace(exchange, question=question)


def _other_suffix(row: Row) -> Suffix:
    if row.exchanges[0].form not in (Form.YES_NO, Form.NUMBER, Form.OPTION):
        return row.suffix
    return Suffix.SHORT if row.suffix is Suffix.NONE else Suffix.NONE


def _contradicted(exchange: Exchange) -> Exchange:
    if exchange.form is Form.LETTER:
        right = (exchange.right + 1) % len(exchange.choices)
        return replace(exchange, right=right, answer=exchange.choices[right])
    is_yes = exchange.answer.en == "Yes"
    return replace(exchange, answer=Bilingual("No", "否") if is_yes else Bilingual("Yes", "是"))


def same_texts(settings: InstructCorpusSettings, plain: list[Row], used: set[int]) -> dict[int, int]:
    """Number → number of an earlier row: the same question and answer about another picture. Both are marked used."""
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in plain:
        if row.number not in used and len(row.pictures) == 1 and len(row.exchanges) == 1:
            exchange = row.exchanges[0]
            if exchange.form in (Form.YES_NO, Form.NUMBER, Form.OPTION) and not has_boxes(exchange):
                groups[row.language, exchange.question.en, exchange.answer.en + row.suffix].append(row)
    found: dict[int, int] = {}
    for rows in groups.values():
        for first, second in zip(rows[::2], rows[1::2], strict=False):
            if len(found) < settings.planted(OTHER_IMAGES) and first.pictures != second.pictures:
                found[second.number] = first.number
                used |= {first.number, second.number}
    return found
