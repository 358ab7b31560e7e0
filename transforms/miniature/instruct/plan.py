"""The whole corpus as rows: plain ones, those made from them, and what is planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from transforms.errors import ConfigError
from transforms.miniature.instruct.benchmark import Question, canaries, look_alikes, questions
from transforms.miniature.instruct.copies import copied_rows, num_copies, same_texts
from transforms.miniature.instruct.faults import PER_KIND, Fault, can_have
from transforms.miniature.instruct.personal import KINDS, planted_of
from transforms.miniature.instruct.plain import plain_rows
from transforms.miniature.instruct.rows import Bilingual, Category, Exchange, Form, Picture, Relation, Row
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.instruct.sources import BY_NAME, SOURCES, Shape
from transforms.miniature.instruct.unsafe import listed_pictures, unsafe_rows
from transforms.miniature.instruct.wordings import PER_KIND as WORDINGS_PER_KIND
from transforms.miniature.instruct.wordings import Wording, can_be_worded
from transforms.miniature.pictures.scenes import generator

PERSONAL_PER_KIND = 30  # rows of the full corpus, and as many of look-alikes
_SAMPLE = 2_000  # rows that tell which faults find the fewest


@dataclass(frozen=True)
class Plan:
    """``rows`` by number; ``listed`` are the pictures whose hashes the lists hold."""

    rows: list[Row]
    questions: list[Question]
    listed: list[Picture]

    def pictures(self) -> list[Picture]:
        """Every picture that is to be painted, sorted."""
        shown = {picture for row in self.rows for picture in row.pictures}
        shown |= {question.picture for question in self.questions if question.picture is not None}
        return sorted(shown | set(self.listed))

    def by_source(self) -> dict[str, list[Row]]:
        """The rows of each source in the order of its files, which tells nothing of how they were made."""
        found: dict[str, list[Row]] = {source.name: [] for source in SOURCES}
        order = generator(len(self.rows), "instruct file order", 0).permutation(len(self.rows))
        for i in order:
            found[self.rows[i].source].append(self.rows[i])
        return found


def plan_of(settings: InstructCorpusSettings) -> Plan:
    """Depends on the settings alone. The number of rows is that of the settings."""
    asked = questions(settings)
    made = num_copies(settings) + sum(map(len, _planted_rows(settings, asked, 0)))
    rows = _rows(settings, asked, settings.rows - made)
    if len(rows) != settings.rows:
        raise ConfigError(f"{settings.rows} rows are too few to hold {made} that are made from others")
    return Plan(rows, asked, listed_pictures(settings))


def _planted_rows(settings: InstructCorpusSettings, asked: list[Question], first: int) -> Iterator[list[Row]]:
    """Rows that stand beside the plain ones, numbered from ``first``."""
    yield (planted := list(canaries(settings, asked, first)))
    yield (alike := list(look_alikes(settings, asked, first + len(planted))))
    yield list(unsafe_rows(settings, first + len(planted) + len(alike)))


def _rows(settings: InstructCorpusSettings, asked: list[Question], count: int) -> list[Row]:
    plain, used = plain_rows(settings.seed, count), set[int]()
    rows = [*plain, *copied_rows(settings, plain, used)]
    for more in _planted_rows(settings, asked, len(rows)):
        rows += more
    for number, original in same_texts(settings, plain, used).items():
        rows[number] = replace(rows[number], relation=Relation.OTHER_IMAGE, original=original)
    _plant_faults(settings, rows, len(plain), used)
    _plant_personal(settings, rows, len(plain), used)
    _plant_wordings(settings, rows, len(plain), used)
    return rows


def _take(
    settings: InstructCorpusSettings, purpose: str, rows: list[Row], plain: int, used: set[int]
) -> Callable[[Callable[[Row], bool], int], list[Row]]:
    """A function that takes plain rows that fit and nothing was done to; rarest demands are to be made first."""
    order = generator(settings.seed, purpose, 0).permutation(plain)

    def take(fits: Callable[[Row], bool], wanted: int) -> list[Row]:
        found: list[Row] = []
        for i in order:
            if len(found) == wanted:
                break
            if int(i) not in used and fits(rows[i]):
                used.add(int(i))
                found.append(rows[i])
        return found

    return take


def _plant_faults(settings: InstructCorpusSettings, rows: list[Row], plain: int, used: set[int]) -> None:
    take = _take(settings, "instruct faults", rows, plain, used)
    able = {fault: sum(can_have(row, fault) for row in rows[: min(plain, _SAMPLE)]) for fault in Fault}
    for fault in sorted(Fault, key=lambda fault: able[fault]):

        def fits(row: Row, fault: Fault = fault) -> bool:
            return can_have(row, fault)

        for row in take(fits, settings.planted(PER_KIND)):
            rows[row.number] = replace(row, fault=fault)


def _takes_a_sentence(row: Row) -> bool:
    """Captions have no question to hold it, and an answer is to stay what it is."""
    is_caption = row.category is Category.CAPTIONING
    return row.exchanges[0].form is not Form.CODE and not is_caption and BY_NAME[row.source].shape is not Shape.CAPTION


def _plant_personal(settings: InstructCorpusSettings, rows: list[Row], plain: int, used: set[int]) -> None:
    take = _take(settings, "instruct personal", rows, plain, used)
    for kind in KINDS:
        for is_personal in (True, False):
            for row in take(_takes_a_sentence, settings.planted(PERSONAL_PER_KIND)):
                rng = generator(settings.seed, f"instruct personal {kind} {is_personal}", row.number)
                planted, sentence = planted_of(kind, is_personal, row.language, rng)
                first = _with_sentence(row.exchanges[0], sentence)
                rows[row.number] = replace(row, exchanges=(first, *row.exchanges[1:]), planted=(planted,))


def _plant_wordings(settings: InstructCorpusSettings, rows: list[Row], plain: int, used: set[int]) -> None:
    take = _take(settings, "instruct wordings", rows, plain, used)
    able = {kind: sum(can_be_worded(row, kind) for row in rows[: min(plain, _SAMPLE)]) for kind in Wording}
    for wording in sorted(Wording, key=lambda kind: able[kind]):

        def fits(row: Row, wording: Wording = wording) -> bool:
            return can_be_worded(row, wording)

        for row in take(fits, settings.planted(WORDINGS_PER_KIND)):
            rows[row.number] = replace(row, wording=wording)


def _with_sentence(exchange: Exchange, sentence: str) -> Exchange:
    """In whichever language the row is."""
    question = exchange.question
    return replace(exchange, question=Bilingual(f"{question.en} {sentence}", question.zh + sentence))
