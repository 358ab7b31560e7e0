"""Rows through a real server that answers rightly, or with one named fault: what is accepted, by check and language."""

from __future__ import annotations

import functools
import pathlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import pytest

from tests.transforms.instruct.asking.chat_server import serving
from tests.transforms.instruct.asking.oracle import VERDICT_OF, Fault, Oracle
from tests.transforms.instruct.asking.test_asker import fill, server_at
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Message, Text
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.parts import reply_from
from transforms.instruct.asking.section import AskedStage
from transforms.instruct.chain.outcome import Outcome, edits_table, facts_table
from transforms.instruct.folding import fold, fold_facts
from transforms.instruct.rewording.checks import Verdict
from transforms.instruct.rewording.rewriting import Rewriting
from transforms.instruct.rewording.settings import RewriteSettings, TranslateSettings
from transforms.instruct.rewording.translating import Translating
from transforms.instruct.rows import Medium, Row, from_table, to_table

EVERY = 1 << 64
_OPTIONS = "Which animal is it?\nA. a black cat\nB. a big dog\nAnswer with the letter."


def _row(number: int, language: str, *messages: Message, shows: bool = True) -> Row:
    media = (Medium("image", uri="/a.jpg", content_hash=bytes([number]) * 16),) if shows else ()
    row = Row(f"s/{number}", "s", messages, media=media, language=language)
    return Row(**{**{name: getattr(row, name) for name in row.__slots__}, "answers": read_answers(messages, ())})


_CODE = "```py\nfor i in x: pass\n```"
_BOXES = "It is at [1, 2, 3, 4], left of [5, 6, 7, 8]."
ENGLISH = [
    _row(1, "en", turn("user", Image(0), "How many of the 3 cats are black?"), turn("assistant", "There are 2.")),
    _row(2, "en", turn("user", Image(0), _OPTIONS), turn("assistant", "B")),
    _row(3, "en", turn("user", Image(0), "Is the cat black?"), turn("assistant", "Yes")),
    _row(4, "en", turn("user", "Please write a loop over 5 items"), turn("assistant", _CODE), shows=False),
    _row(5, "en", turn("user", Image(0), "Where is the black cat?"), turn("assistant", _BOXES)),
]  # fmt: skip
CHINESE = [
    _row(6, "zh", turn("user", Image(0), "图中有几只黑色的猫？"), turn("assistant", "图中有 2 只黑色的猫。")),
    _row(7, "zh", turn("user", Image(0), "这只猫是黑色的吗？"), turn("assistant", "是")),
]


def _both(server_url: str) -> dict[str, AskedStage]:
    server = server_at(server_url, max_tokens=500)
    rewriting = Rewriting(RewriteSettings(server="m"), server, 0)
    return {
        "rewrite": rewriting,
        "translate": Translating(TranslateSettings(server="m"), server, 0, {"en": EVERY, "zh": EVERY}),
    }


def _outcome(folder: pathlib.Path, oracle: Oracle, stage: str, rows: Sequence[Row]) -> Outcome:
    with serving(oracle) as served:
        asked = _both(served.url)[stage]
        fill(folder, server_at(served.url, max_tokens=500), list(asked.requests(rows)))
    return asked.judge(rows, functools.partial(reply_from, str(folder)))


def _folded(rows: Sequence[Row], outcome: Outcome) -> list[Row]:
    table = fold(to_table(rows), [("stage", edits_table(outcome.edits))])
    return fold_facts(from_table(table), [facts_table([row.key for row in rows], outcome.facts)])


def _said(row: Row) -> list[str]:
    return [part.text for message in row.messages for part in message.content if isinstance(part, Text)]


@pytest.mark.parametrize("stage", ["rewrite", "translate"])
def test_right_answers_are_taken(stage: str, tmp_path: pathlib.Path) -> None:
    rows = ENGLISH + CHINESE
    outcome = _outcome(tmp_path, Oracle(), stage, rows)
    assert {one.verdict for one in outcome.edits} == {"kept"} and {one.key for one in outcome.edits} == {
        row.key for row in rows
    }
    assert all(one.by == "m" and len(one.request or b"") == len(one.prompt or b"") == 16 for one in outcome.edits)
    before = {row.key: row for row in rows}
    for row in _folded(rows, outcome):
        old = before[row.key]
        assert row.language == (old.language if stage == "rewrite" else {"en": "zh", "zh": "en"}[str(old.language)])
        assert all(one != other for one, other in zip(_said(row)[:1], _said(old)[:1], strict=True))
    texts = {row.key: _said(row) for row in _folded(rows, outcome)}
    assert texts["s/2"][1] == "B" and "\nA. " in texts["s/2"][0] and "\nB. " in texts["s/2"][0]
    assert texts["s/4"][1] == "```py\nfor i in x: pass\n```" and "5" in texts["s/4"][0]
    if stage == "translate":
        assert texts["s/3"][1] == "是" and texts["s/7"][1] == "Yes"
        assert "[1, 2, 3, 4]" in texts["s/5"][1] and "[5, 6, 7, 8]" in texts["s/5"][1]


#: Faults that a text cannot have: without hidden parts, or without choices.
_NO_MARKS = {"s/3", "s/7"}


@pytest.mark.slow
@pytest.mark.parametrize("fault", get_args(Fault))
@pytest.mark.parametrize("stage", ["rewrite", "translate"])
def test_a_named_fault_keeps_the_original(stage: str, fault: Fault, tmp_path: pathlib.Path) -> None:
    rows = ENGLISH + CHINESE
    outcome = _outcome(tmp_path, Oracle(fault=fault), stage, rows)
    found: dict[str, Counter[Verdict]] = {}
    for one in outcome.edits:
        found.setdefault(one.key, Counter())[one.verdict] += 1  # type: ignore[index]
    told = {key: set(one) for key, one in found.items()}
    if fault == "choices":
        assert told.pop("s/2") == {"options"} and all(one == {"kept"} for one in told.values())
        return
    for key, verdicts in told.items():
        if fault in ("no_sentinel", "twice") and (key in _NO_MARKS or "⟦" not in _sent(stage, rows, key)):
            assert verdicts == {"kept"}, key
        elif fault == "long":
            assert verdicts <= {"length", "sentinels"}, key
        else:
            assert verdicts == {VERDICT_OF[fault]}, key
    kept = {key for key, verdicts in told.items() if verdicts == {"kept"}}
    assert [_said(row) for row in _folded(rows, outcome) if row.key not in kept] == [
        _said(row) for row in rows if row.key not in kept
    ]


def _sent(stage: str, rows: Sequence[Row], key: str) -> str:
    asked = _both("http://localhost:1/v1")[stage]
    return "".join(request.turns[-1].text for request in asked.requests([row for row in rows if row.key == key]))


def test_rows_that_none_may_translate(tmp_path: pathlib.Path) -> None:
    rows = [
        Row("s/1", "s", ENGLISH[2].messages, tools="[]", language="en"),
        Row("s/2", "s", ENGLISH[2].messages, language="fr"),
        _row(3, "en", turn("user", Image(0), "What does the sign say?"), turn("assistant", "No entry")),
    ]
    outcome = _outcome(tmp_path, Oracle(), "translate", rows)
    assert [(one.key, one.message) for one in outcome.edits] == [("s/3", 0)]  # what was read stays as it is written


def test_a_missing_reply_is_no_row_left_out(tmp_path: pathlib.Path) -> None:
    from transforms.errors import RunFolderError

    ReplyCache.open(tmp_path).close()
    asked = _both("http://localhost:1/v1")["rewrite"]
    with pytest.raises(RunFolderError, match="a reply is missing"):
        asked.judge(ENGLISH, functools.partial(reply_from, str(tmp_path)))


@pytest.mark.parametrize("fault", [None, "json"])
def test_twins(fault: Fault | None, tmp_path: pathlib.Path) -> None:
    """Both languages stay, of one group and split, and say so of one another; a refused translation leaves none."""
    rows = [replace(row, group=bytes([3]) * 16, split="validation", category="ocr") for row in ENGLISH + CHINESE]
    with serving(Oracle(fault=fault)) as served:
        server = server_at(served.url, max_tokens=500)
        settings = TranslateSettings(server="m", twin_share=1.0)
        stage = Translating(settings, server, 0, {"en": EVERY, "zh": EVERY})
        fill(tmp_path, server, list(stage.requests(rows)))
    outcome = stage.judge(rows, functools.partial(reply_from, str(tmp_path)))
    if fault:
        assert not outcome.made and not outcome.facts and {one.verdict for one in outcome.edits} == {"json"}
        return
    assert not outcome.edits and len(outcome.made) == len(rows)
    for row, twin, fact in zip(rows, outcome.made, outcome.facts, strict=True):
        assert twin.key == f"{row.key}~{twin.language}" and twin.language == {"en": "zh", "zh": "en"}[str(row.language)]
        assert (twin.group, twin.split, twin.category, twin.media) == (row.group, row.split, row.category, row.media)
        assert twin.pair == (row.key, "translation") and fact.pair == (twin.key, "translation")
        assert _said(twin)[0] != _said(row)[0]
        assert [one.form for one in twin.answers] == [one.form for one in row.answers]
