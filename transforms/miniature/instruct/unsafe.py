"""Stand-ins for what gates are to stop, all of them dull: two things that no other row shows, made-up words, and
pictures whose hashes are on a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from transforms.miniature.instruct.holding import another_source
from transforms.miniature.instruct.plain import exchanges_of, picture_of
from transforms.miniature.instruct.rows import Bilingual, Category, Change, Exchange, Language, Picture, Row
from transforms.miniature.instruct.scene_questions import is_unsafe
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.pictures.scenes import generator

#: Words that stand for those of a block list, and words that only hold one of them or resemble it.
BLOCKED = {Language.ENGLISH: ("grimbolt", "snarkwood"), Language.CHINESE: ("格灵波", "暗木蚀")}
_RESEMBLING = {Language.ENGLISH: ("grimboltless", "larkwood"), Language.CHINESE: ("格灵", "暗木")}
_WITH_WORD = Bilingual("My friend says {}.", "我的朋友说{}。")

#: Gate → rows in the full corpus.
COUNTS = {"concept": 60, "word": 60, "resembling_word": 40, "md5": 40, "near_hash": 40}
_PURPOSE, _HASHED_PURPOSE = 4, 5


def unsafe_rows(settings: InstructCorpusSettings, number: int) -> Iterator[Row]:
    """Rows for each gate, and such as it is to let pass; numbered from ``number``."""
    for gate, count in COUNTS.items():
        for i in range(settings.planted(count)):
            yield _row(settings, gate, i, number)
            number += 1


def listed_pictures(settings: InstructCorpusSettings) -> list[Picture]:
    """Those whose hashes are on the lists, each shown as it is by a row, or changed a little by another."""
    gates = ("md5", "near_hash")
    return [replace(_picture(settings, g, i), change=Change.NONE, strength=0.0)
            for g in gates for i in range(settings.planted(COUNTS[g]))]  # fmt: skip


def _picture(settings: InstructCorpusSettings, gate: str, index: int) -> Picture:
    seed = settings.seed
    if gate == "concept":
        return _nth(settings, index, unsafe=True, purpose=_PURPOSE)
    offset = list(COUNTS).index(gate) * 10_000
    picture = _nth(settings, offset + index, unsafe=False, purpose=_HASHED_PURPOSE)
    if gate == "near_hash":
        quality = float(generator(seed, "instruct near hash", index).integers(40, 80))
        return replace(picture, change=Change.REENCODE, strength=quality)
    return picture


def _nth(settings: InstructCorpusSettings, index: int, unsafe: bool, purpose: int) -> Picture:
    """A picture with or without a stand-in: the first one of a run of numbers that belongs to ``index``."""
    for step in range(2_000):
        picture = picture_of(Category.GENERAL, step + index * 2_000, purpose * 100)
        if is_unsafe(settings.seed, picture.number) is unsafe:
            return picture
    raise ValueError("2,000 scenes without a stand-in")


def _row(settings: InstructCorpusSettings, gate: str, index: int, number: int) -> Row:
    rng = generator(settings.seed, f"instruct unsafe {gate}", index)
    picture = _picture(settings, gate, index)
    exchange = exchanges_of(settings.seed, Category.GENERAL, picture)[0]
    language = Language.CHINESE if rng.random() < 0.4 else Language.ENGLISH
    if gate in ("word", "resembling_word"):
        words = BLOCKED if gate == "word" else _RESEMBLING
        exchange = _with_word(exchange, words, int(rng.integers(2)))
    row = Row(number, "", Category.GENERAL, language, (picture,), (exchange,), unsafe=gate)
    source = another_source(row, rng)
    if source is None:
        raise ValueError("no source holds a question about a scene")
    return replace(row, source=source.name)


def _with_word(exchange: Exchange, words: dict[Language, tuple[str, str]], which: int) -> Exchange:
    question = exchange.question
    english = _WITH_WORD.en.format(words[Language.ENGLISH][which])
    chinese = _WITH_WORD.zh.format(words[Language.CHINESE][which])
    return replace(exchange, question=Bilingual(f"{english} {question.en}", chinese + question.zh))
