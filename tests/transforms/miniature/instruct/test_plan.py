"""What the plan holds: counts, shares, and that no row is made from one that something was done to."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from transforms.errors import ConfigError
from transforms.miniature.instruct import plan as plan_module
from transforms.miniature.instruct.benchmark import LOOK_ALIKES, PICTURE_CELLS, TEXT_CELLS
from transforms.miniature.instruct.copies import num_copies
from transforms.miniature.instruct.dialogue import question_of
from transforms.miniature.instruct.faults import Fault, can_have
from transforms.miniature.instruct.holding import can_hold
from transforms.miniature.instruct.personal import KINDS
from transforms.miniature.instruct.plain import quotas
from transforms.miniature.instruct.plan import plan_of
from transforms.miniature.instruct.rows import DUPLICATES, Category, Change, Form, Language, Picture, Relation
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.instruct.sources import BY_NAME, NAMED_DERIVATIVES, NO_COMPETING, SOURCES, Licence, Shape
from transforms.miniature.instruct.unsafe import BLOCKED, COUNTS

SMALL = InstructCorpusSettings(rows=900, seed=11)


@pytest.fixture(scope="module")
def small():
    return plan_of(SMALL)


@pytest.fixture(scope="module")
def full():
    return plan_of(InstructCorpusSettings())


def test_there_are_as_many_rows_as_were_asked_for(small):
    assert [row.number for row in small.rows] == list(range(900))
    rows = [row for rows in small.by_source().values() for row in rows]
    assert sorted(row.number for row in rows) == list(range(900))


@pytest.mark.slow
def test_the_same_settings_plan_the_same(small):
    assert plan_of(SMALL) == small
    assert plan_of(InstructCorpusSettings(rows=900, seed=12)).rows != small.rows


def test_too_few_rows_are_an_error(monkeypatch):
    monkeypatch.setattr(plan_module, "num_copies", lambda settings: num_copies(settings) + 1)
    with pytest.raises(ConfigError, match="too few"):
        plan_of(SMALL)


def test_every_row_fits_its_source(small):
    for row in small.rows:
        assert can_hold(BY_NAME[row.source], row) or row.source == "quill-alpaca", row
        assert row.fault is None or can_have(row, Fault(row.fault))


def test_every_source_shape_and_convention_is_there():
    assert len(SOURCES) == 12
    assert {source.shape for source in SOURCES} == set(Shape)
    assert {source.file_format for source in SOURCES} == {"json", "jsonl", "parquet", "tar"}
    assert {source.licence for source in SOURCES} == set(Licence)
    assert {source.model_terms for source in SOURCES} == {None, NO_COMPETING, NAMED_DERIVATIVES}
    conventions = [source.convention for source in SOURCES if source.convention]
    assert len(conventions) == len(set(conventions)) == 6
    for part, count in (("unit", 3), ("order", 4), ("frame", 4)):
        assert len({getattr(convention, part) for convention in conventions}) == count
    assert sum(source.per_mille for source in SOURCES) == pytest.approx(1000)


def test_quotas_add_up():
    for count in (500, 777, 20_000):
        assert sum(quotas(count).values()) == count
    assert quotas(20_000)["aurora-chat", Category.GENERAL] == 3200


def test_a_question_without_a_picture_is_asked_once(small):
    made = {row.number for row in small.rows if row.relation in (*DUPLICATES, Relation.CONFLICT)}
    asked = Counter(
        exchange.question.en
        for row in small.rows
        if not row.pictures and row.number not in made and row.canary is None
        for exchange in row.exchanges
    )
    assert asked.most_common(1)[0][1] == 1


def test_nothing_is_asked_twice_of_a_picture_but_by_copies(small):
    asked = defaultdict(list)
    for row in small.rows:
        if row.relation not in (*DUPLICATES, Relation.CONFLICT) and len(row.pictures) == 1:
            for exchange in row.exchanges:
                if not exchange.blind:
                    asked[row.pictures[0], exchange.kind].append(row)
    assert [rows for rows in asked.values() if len(rows) > 1] == []


def test_copies_are_what_their_relation_says(small):
    for row in small.rows:
        if row.relation is None:
            continue
        original = small.rows[row.original]
        assert original.relation is None and original.fault is None and not original.planted, row
        same_pictures = row.pictures == original.pictures
        asked, answered = (
            [[getattr(exchange, part).en for exchange in one.exchanges] for one in (row, original)]
            for part in ("question", "answer")
        )
        same_question, same_answer = asked[0] == asked[1], answered[0] == answered[1]
        match row.relation:
            case Relation.EXACT | Relation.CONVENTION:
                assert same_pictures and same_question and same_answer and row.language == original.language
            case Relation.NEAR_IMAGE | Relation.CROPPED:
                assert same_question and same_answer and row.pictures[0].change is not Change.NONE
                assert row.pictures[0].number == original.pictures[0].number
            case Relation.NEAR_TEXT:
                assert same_pictures and same_answer and not same_question
            case Relation.TRANSLATED:
                assert same_pictures and row.language != original.language
            case Relation.CONFLICT:
                assert same_pictures and same_question and not same_answer
            case Relation.OTHER_QUESTION:
                assert same_pictures and not same_question
            case Relation.OTHER_IMAGE:
                assert not same_pictures and same_question and same_answer


def test_look_alikes_are_no_canaries(small):
    pictures = {question.picture for question in small.questions}
    for row in small.rows:
        if row.cell in LOOK_ALIKES:
            assert row.canary is None
            assert not pictures & set(row.pictures)
        elif row.canary is None:
            originals = {Picture(p.kind, p.number, p.sibling) for p in row.pictures}
            assert not pictures & originals, "only canaries show what the benchmark shows"


def test_blocked_words_stand_only_where_they_were_put(small):
    for row in small.rows:
        texts = " ".join(question_of(e, row.language) + e.answer.of(row.language) for e in row.exchanges)
        held = any(word in texts.replace("grimboltless", "") for word in BLOCKED[row.language])
        assert held is (row.unsafe == "word")


@pytest.mark.slow
def test_the_full_corpus_holds_what_it_promises(full):
    rows = full.rows
    assert len(rows) == 20_000 and len(full.questions) == 500
    by_source = Counter(row.source for row in rows)
    assert 0.58 <= sum(count for _, count in by_source.most_common(2)) / len(rows) <= 0.62
    assert len(by_source) == 12
    shares = {category: count / len(rows) for category, count in Counter(row.category for row in rows).items()}
    assert set(shares) == set(Category)
    assert min(shares.values()) == pytest.approx(0.01, abs=0.004)
    assert max(shares.values()) == pytest.approx(0.40, abs=0.02)
    assert Counter(row.language for row in rows)[Language.CHINESE] > 4_000
    faults = Counter(row.fault for row in rows if row.fault)
    assert len(faults) >= 30 and min(faults.values()) >= 20
    assert set(Counter(len(row.exchanges) for row in rows)) == {1, 2, 3, 4, 5, 6}
    assert min(Counter(len(row.pictures) for row in rows).values()) >= 100
    relations = Counter(row.relation for row in rows if row.relation)
    assert set(relations) == set(Relation) and min(relations.values()) >= 100
    cells = Counter(row.cell for row in rows if row.cell)
    assert set(cells) == {cell.name for cell in (*PICTURE_CELLS, *TEXT_CELLS)} | set(LOOK_ALIKES)
    assert min(cells.values()) >= 15
    planted = Counter((one.kind, one.is_personal) for row in rows for one in row.planted)
    assert set(planted) == {(kind, real) for kind in KINDS for real in (True, False)}
    assert min(planted.values()) >= 20
    assert {row.unsafe for row in rows} == {None, *COUNTS}
    assert sum(row.exchanges[0].blind for row in rows) >= 100
    assert set(Counter(exchange.form for row in rows for exchange in row.exchanges)) == set(Form)
    assert sum(any(exchange.reasoning for exchange in row.exchanges) for row in rows) >= 300
    shown = defaultdict(set)
    for row in rows:
        for picture in row.pictures:
            shown[picture].add(row.source)
    assert sum(len(sources) > 1 for sources in shown.values()) >= 1_000
