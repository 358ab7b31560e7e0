"""The benchmark, canaries planted from it on a fixed grid, and look-alikes that are none."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from transforms.miniature.instruct.dialogue import LETTERS
from transforms.miniature.instruct.holding import another_source
from transforms.miniature.instruct.plain import exchanges_of, safe_pictures
from transforms.miniature.instruct.rows import Bilingual, Category, Change, Exchange, Language, Picture, Row
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.instruct.text_questions import long_exchange
from transforms.miniature.pictures.scenes import generator

QUESTIONS = 500  # of the full corpus; an eighth has no picture
_TEXT_SHARE = 0.2
_PURPOSE = 2  # range of its pictures: no source shows them, but for the canaries
_OTHER_PURPOSE = 3  # of look-alikes' pictures
CANARIES_PER_CELL = 15
LOOK_ALIKES_PER_KIND = 40
_SPREAD = (Category.GENERAL, Category.CHARTS, Category.OCR, Category.GENERAL, Category.SCIENCE, Category.CHARTS)


@dataclass(frozen=True)
class Cell:
    """One cell of the grid: what was done to the picture and to the question. Strength as of Picture."""

    name: str
    change: Change = Change.NONE
    strength: float = 0.0
    wording: str = "same"


#: Of questions with a picture.
PICTURE_CELLS = (
    Cell("exact"),
    *(Cell(f"reencode {q}", Change.REENCODE, q) for q in (80, 50, 20)),
    *(Cell(f"crop {share}", Change.CROP, share) for share in (0.02, 0.05, 0.1, 0.2)),
    *(Cell(f"resize {scale}", Change.RESIZE, scale) for scale in (0.9, 0.6, 0.35)),
    *(Cell(f"overlay {share}", Change.OVERLAY, share) for share in (0.08, 0.16, 0.3)),
    *(Cell(f"wording {how}", wording=how) for how in ("lower", "upper", "unmarked", "polite", "translated", "other")),
    Cell("reencode 50 and wording upper", Change.REENCODE, 50, "upper"),
    Cell("resize 0.6 and wording translated", Change.RESIZE, 0.6, "translated"),
)
#: Of questions without one.
TEXT_CELLS = tuple(Cell(f"text {how}", wording=how) for how in ("same", "upper", "unmarked", "polite", "translated"))
#: What only looks like a canary.
LOOK_ALIKES = ("same question, other picture", "same layout, other figures", "same template, other words")


@dataclass(frozen=True)
class Question:
    """One row of the benchmark: English, one exchange."""

    id: str
    category: Category
    picture: Picture | None
    exchange: Exchange


def questions(settings: InstructCorpusSettings) -> list[Question]:
    """The benchmark: those without a picture come last."""
    count = max(len(PICTURE_CELLS) + len(TEXT_CELLS) + 10, settings.planted(QUESTIONS))
    textual = max(len(TEXT_CELLS) + 2, round(count * _TEXT_SHARE))
    seed = settings.seed
    spread = [_SPREAD[i % len(_SPREAD)] for i in range(count - textual)]
    pictures = {c: iter(safe_pictures(seed, c, spread.count(c), _PURPOSE)) for c in dict.fromkeys(spread)}
    found: list[Question] = []
    for category in spread:
        picture = next(pictures[category])
        exchange = replace(exchanges_of(seed, category, picture)[0], reasoning=None)
        found.append(Question(f"bench-{len(found):04d}", category, picture, exchange))
    rng = generator(seed, "instruct benchmark texts", 0)
    for _ in range(textual):
        exchange = replace(long_exchange(rng), reasoning=None)
        found.append(Question(f"bench-{len(found):04d}", Category.CODE, None, exchange))
    return found


def canaries(settings: InstructCorpusSettings, asked: list[Question], number: int) -> Iterator[Row]:
    """Rows that hold a question of the benchmark, each question at most once; numbered from ``number``."""
    per_cell = settings.planted(CANARIES_PER_CELL)
    with_picture = [question for question in asked if question.picture is not None]
    without = [question for question in asked if question.picture is None]
    for cells, pool in ((PICTURE_CELLS, with_picture), (TEXT_CELLS, without)):
        for question, cell in zip(pool, cells * per_cell, strict=False):
            yield _planted(settings.seed, question, cell, number)
            number += 1


def _planted(seed: int, question: Question, cell: Cell, number: int) -> Row:
    exchange, language = question.exchange, Language.ENGLISH
    pictures = (
        () if question.picture is None else (replace(question.picture, change=cell.change, strength=cell.strength),)
    )
    if cell.wording == "translated":
        language = Language.CHINESE
    elif cell.wording == "other" and question.picture is not None:
        others = exchanges_of(seed, question.category, question.picture)
        exchange = replace(next(one for one in others if one.kind != exchange.kind), reasoning=None)
    else:
        exchange = replace(exchange, question=worded(exchange.question, cell.wording))
    return _placed(seed, question, pictures, exchange, language, cell.name, number)


def worded(question: Bilingual, how: str) -> Bilingual:
    """The question as ``how`` names it; Chinese has no case."""
    match how:
        case "lower":
            return Bilingual(question.en.lower(), question.zh)
        case "upper":
            return Bilingual(question.en.upper(), question.zh)
        case "unmarked":
            bare = question.en.translate(str.maketrans("", "", string.punctuation))
            return Bilingual(bare, question.zh.translate(str.maketrans("", "", "，。？：！")))
        case "polite":
            return Bilingual(f"Could you help me? {question.en}", f"请帮帮我。{question.zh}")
        case _:
            return question


def look_alikes(settings: InstructCorpusSettings, asked: list[Question], number: int) -> Iterator[Row]:
    """Rows that share words, layout or template with a question of the benchmark, and not what it asks about."""
    per_kind, seed = settings.planted(LOOK_ALIKES_PER_KIND), settings.seed
    with_picture = [question for question in asked if question.picture is not None][::-1]
    others = {
        category: iter(safe_pictures(seed, category, per_kind, _OTHER_PURPOSE)) for category in dict.fromkeys(_SPREAD)
    }
    for question in with_picture[:per_kind]:
        picture = next(others[question.category])
        yield _placed(seed, question, (picture,), question.exchange, Language.ENGLISH, LOOK_ALIKES[0], number)
        number += 1
    figures = [question for question in with_picture if question.category in (Category.CHARTS, Category.OCR)]
    for question in figures[:per_kind]:
        assert question.picture is not None
        picture = replace(question.picture, sibling=1)
        exchange = replace(exchanges_of(seed, question.category, picture)[0], reasoning=None)
        yield _placed(seed, question, (picture,), exchange, Language.ENGLISH, LOOK_ALIKES[1], number)
        number += 1
    rng = generator(seed, "instruct look-alikes", 0)
    textual = [question for question in asked if question.picture is None]
    for i in range(per_kind):
        exchange = replace(long_exchange(rng), reasoning=None)
        yield _placed(seed, textual[i % len(textual)], (), exchange, Language.ENGLISH, LOOK_ALIKES[2], number)
        number += 1


def _placed(
    seed: int,
    question: Question,
    pictures: tuple[Picture, ...],
    exchange: Exchange,
    language: Language,
    cell: str,
    number: int,
) -> Row:
    """In a source drawn by size among those that can hold it; a look-alike names no canary."""
    row = Row(number, "", question.category, language, pictures, (exchange,), cell=cell)
    source = another_source(row, _rng(seed, number))
    if source is None:
        raise ValueError(f"no source holds {question.id}")
    return replace(row, source=source.name, canary=None if cell in LOOK_ALIKES else question.id)


def _rng(seed: int, number: int) -> np.random.Generator:
    return generator(seed, "instruct canary", number)


def answers(question: Question) -> str:
    """The answer as the benchmark's file has it: a letter where there are choices."""
    exchange = question.exchange
    return LETTERS[exchange.right] if exchange.choices else exchange.answer.en
