"""Which turns are masked, which are cut, and which rows go."""

from __future__ import annotations

import pytest

from tests.transforms.instruct.said import row
from transforms.conversations.document import Message, Text
from transforms.instruct.chain.outcome import Fact
from transforms.instruct.rows import Answer, Medium, Region, Row
from transforms.instruct.validating.judging import judge_rows
from transforms.instruct.validating.settings import ValidateSettings
from transforms.rejects import Reason

REFUSED = "a:I'm sorry, but I can't assist with that request."
DEFAULTS = ValidateSettings()
PICTURE = (Medium("image", width=100, height=80),)


def reason_of(one: Row, settings: ValidateSettings = DEFAULTS) -> Reason | None:
    outcome = judge_rows([one], settings)
    assert len(outcome.rejects) + len(outcome.facts) < 2
    return outcome.rejects[0].reason if outcome.rejects else None


def fact_of(one: Row, settings: ValidateSettings = DEFAULTS) -> Fact:
    (fact,) = judge_rows([one], settings).facts
    return fact


def test_what_is_sound_is_left_alone() -> None:
    sound = [row("s:Be brief.", "u:Hi", "a:Hello!"), row("u:Is it?", "a:Yes", "u:Sure?", "a:No")]
    outcome = judge_rows(sound, DEFAULTS)
    assert not (outcome.facts or outcome.rejects or outcome.edits)


def test_a_bad_answer_is_masked_cut_or_takes_its_row_along() -> None:
    turns = ("u:One?", "a:1", "u:Two?", REFUSED, "u:Three?", "a:3")
    masked = fact_of(row(*turns))
    assert (masked.masked, masked.cut_from) == ((3,), None)
    cut = fact_of(row(*turns), ValidateSettings(bad_answer="cut"))
    assert (cut.masked, cut.cut_from) == ((), 2)
    assert reason_of(row(*turns), ValidateSettings(bad_answer="reject")) == Reason.REFUSAL
    assert reason_of(row(*turns), ValidateSettings(refusals=False)) is None


def test_what_stands_behind_the_last_answer_that_is_learnt_is_cut() -> None:
    fact = fact_of(row("u:One?", "a:1", "u:Two?", "a:"))
    assert (fact.masked, fact.cut_from) == ((), 2)


@pytest.mark.parametrize("bad_answer", ["mask", "cut"])
def test_a_row_goes_only_without_an_answer(bad_answer: str) -> None:
    settings = ValidateSettings.model_validate({"bad_answer": bad_answer})
    assert reason_of(row("u:One?", REFUSED), settings) == Reason.REFUSAL
    assert reason_of(row("u:", "a:1"), settings) == Reason.EMPTY_TURN
    unlearnt = Message("assistant", (Text("1"),), train=False)
    assert reason_of(row("u:One?", unlearnt), settings) == Reason.NO_ANSWER
    first_bad = row("u:One?", REFUSED, "u:Two?", "a:2")
    assert (reason_of(first_bad, settings) is None) == (bad_answer == "mask")


def test_turns_in_another_order_are_cut() -> None:
    assert reason_of(row("a:1", "u:One?")) == Reason.ROLES_OUT_OF_ORDER
    assert reason_of(row("s:Be brief.", "a:1", "u:One?")) == Reason.ROLES_OUT_OF_ORDER
    for turns in (("u:Two?", "u:Three?", "a:3"), ("a:2",), ("u:Two?", "s:Be long.", "a:2"), ("u:Two?", "t:2", "a:2")):
        fact = fact_of(row("u:One?", "a:1", *turns))
        assert (fact.masked, fact.cut_from) == ((), 2)
    assert reason_of(row("u:One?", "a:look()", "t:1", "t:2", "a:2", "u:Thanks", "a:Welcome.")) is None


def test_a_question_is_empty_without_words_or_a_picture() -> None:
    assert reason_of(row("u:<image>", "a:A cat.", media=PICTURE)) is None
    assert reason_of(row("u:<image>\n", "a:A cat.", media=PICTURE)) is None
    assert reason_of(row("u:<image>\n  ", "a:A cat.", media=PICTURE)) == Reason.EMPTY_TURN
    fact = fact_of(row("u: ", "a:1", "u:Two?", "a:2"))
    assert fact.masked == (1,)


def test_tokens_and_places_of_media_spoil_what_comes_after_a_question() -> None:
    assert reason_of(row("u:One?", "a:1<|im_end|>")) == Reason.RESERVED_TOKEN
    assert reason_of(row("u:One?", "a:See <image>".replace("<image>", "<image 1>"))) == Reason.STRAY_PLACEHOLDER
    assert reason_of(row("u:One?", "a:Write `<image 1>` there.")) is None
    system = row("s:[INST] Be brief.", "u:One?", "a:1")
    assert reason_of(system) == Reason.RESERVED_TOKEN


def test_with_tools_a_refusal_may_be_right() -> None:
    assert reason_of(row("u:Book a flight.", REFUSED, tools='[{"name": "sum"}]')) is None


def test_boxes_that_are_none() -> None:
    for xy, is_bad in (
        ((1, 2, 3, 4), False), ((3, 4, 1, 2), True), ((1, 2, 1, 4), True), ((200, 2, 300, 4), True),
        ((90, 2, 110, 4), False), ((95, 2, 110, 4), True),
    ):  # fmt: skip
        asked = row("u:<image>Where?", "a:[1, 2, 3, 4]", media=PICTURE)
        region = Region(0, "box", tuple(map(float, xy)), "", 1, 0, 0, 12)
        placed = Row(asked.key, "s", asked.messages, media=PICTURE, regions=(region,), answers=asked.answers)
        assert reason_of(placed) == (Reason.BAD_BOX if is_bad else None)


def test_choices() -> None:
    question = "u:Which?\nA. cat\nB. dog"
    assert reason_of(row(question, "a:B")) is None
    assert reason_of(row(question, "a:C")) == Reason.NOT_AMONG_CHOICES
    assert reason_of(row("u:Which?\nA. cat\nB. cat", "a:B")) == Reason.REPEATED_CHOICES
    assert reason_of(row("u:How many?\nA. 3\nB. 5 cm", "a:5")) is None
    assert reason_of(row("u:How many?\nA. 3\nB. 5 cm", "a:7")) == Reason.NOT_AMONG_CHOICES
    asked = row("u:What?", "a:C")
    accepted = Answer(1, "letter", "C", ("C", "C", "See"), (0, 1, 2))
    assert reason_of(Row(asked.key, "s", asked.messages, answers=(accepted,))) is None


def test_html_is_taken_out_of_answers_that_nobody_asked_it_for() -> None:
    asked = row("u:Colour?", "a:<p>green<br />&nbsp;</p>", "u:More &amp; more?", "a:Yes")
    outcome = judge_rows([asked], DEFAULTS)
    ((text, message, origin),) = [(one.text, one.message, one.origin) for one in outcome.edits]
    assert (text, message, origin) == ("green", 1, "normalised") and not outcome.rejects
    assert not judge_rows([row("u:Write HTML.", "a:<p>green</p>")], DEFAULTS).edits
    assert not judge_rows([asked], ValidateSettings(html=False)).edits


def test_a_source_that_declares_its_language_is_held_to_it() -> None:
    english = row("u:Describe the picture.", "a:这是一只坐在地毯上的猫，旁边有一个球。", key="zh/p/0")
    assert judge_rows([english], DEFAULTS, {"zh": "zh"}).rejects == []
    (reject,) = judge_rows([english], DEFAULTS, {}).rejects
    assert reject.reason == Reason.UNEXPECTED_LANGUAGE


def test_every_check_can_be_off() -> None:
    off = {name: False for name, field in ValidateSettings.model_fields.items() if field.annotation is bool}
    settings = ValidateSettings.model_validate(off)
    for answer in (REFUSED, "a:Error 429", "a:1<|im_end|>", "a:" + "no end " * 50, "a:e! Here is it.", "a:å\x90¦"):
        assert reason_of(row("u:One?", answer)) is not None
        assert reason_of(row("u:One?", answer), settings) is None
