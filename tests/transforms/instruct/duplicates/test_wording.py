"""Wordings that say the same are equal, and those that do not are not."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image
from transforms.instruct.duplicates.wording import BOX, normalised, without_format, wording
from transforms.instruct.rows import Answer, Medium, Region, Row


def row(question: str, answer: str, *answers: Answer, system: str = "") -> Row:
    before = (turn("system", system),) if system else ()
    return Row("s/a/0", "s", (*before, turn("user", question), turn("assistant", answer)), answers=answers)


@pytest.mark.parametrize(
    "question",
    [
        "What is it?\nAnswer the question using a single word or phrase.",
        "What is it? Please answer the question with a single word",
        "What is it?\nAnswer with the option's letter from the given choices directly.",
        "Please answer: What is it?",
        "Question: What is it?\nPlease provide a short answer.",
        "WHAT IS IT",
        "What  is\nit ?",
    ],
)
def test_only_what_is_asked_counts(question: str) -> None:
    assert wording(row(question, "x")).question == "what is it"


@pytest.mark.parametrize("suffix", ["\n请用一个词或短语回答。", "请直接回答选项的字母。", "\n请简短回答"])
def test_formats_are_left_out_in_chinese(suffix: str) -> None:
    assert wording(row(f"这是什么？{suffix}", "x")).question == "这是什么"


@pytest.mark.parametrize(
    "text",
    ["Answer the question using a single word or phrase.", "Can you answer yes or no questions with care?", "请回答"],
)
def test_what_asks_more_than_a_form_stays(text: str) -> None:
    assert without_format(text) == text


def test_phrases_of_the_user_are_left_out_too() -> None:
    assert without_format("Who? Keep it to ten words.", ("Keep it to ten words.",)).strip() == "Who?"


def test_signs_of_formulas_and_code_stay() -> None:
    assert normalised("a + b.") != normalised("a - b.")
    assert wording(row("q", "X = 1", Answer(1, "code", None))).answer == "X = 1"


@pytest.mark.parametrize(
    ("text", "answer", "same"),
    [
        ("B", Answer(1, "letter", "B", ("cat", "owl"), (1,)), "owl"),
        ("Yes.", Answer(1, "yes_no", "yes"), "yes"),
        ("74.50 kWh", Answer(1, "number", "74.50 kWh"), "74.5"),
        ("-3", Answer(1, "number", "-3"), "-3"),
        ("An Owl.", Answer(1, "free", None), "an owl"),
    ],
)
def test_an_answer_is_what_it_means(text: str, answer: Answer, same: str) -> None:
    assert wording(row("q", text, answer)).answer == same


def test_system_prompts_are_asked_but_are_no_question() -> None:
    plain, told = wording(row("q", "x")), wording(row("q", "x", system="Answer in rhymes."))
    assert plain.question == told.question
    assert plain.asked != told.asked


def test_boxes_are_places_and_not_numbers() -> None:
    media = (Medium("image", width=200, height=100),)
    pictured = Row(
        "s/a/0",
        "s",
        (turn("user", Image(0), "Where?"), turn("assistant", "At [10, 10, 50, 50].")),
        media=media,
        regions=(Region(0, "box", (20.0, 10.0, 100.0, 50.0), "", 1, 0, 3, 19),),
    )
    said = wording(pictured)
    assert said.answer == f"at {BOX}"
    assert said.boxes == ((0.1, 0.1, 0.5, 0.5),)
    assert said.numbers.strip() == ""
    assert wording(dataclasses.replace(pictured, regions=())).numbers.split() == ["10", "10", "50", "50"]


def test_chinese_is_told_from_other_writing() -> None:
    assert wording(row("编写 Python 函数，对记录求和并返回结果", "x")).is_han
    assert not wording(row("Write a Python function that sums 记录", "x")).is_han


@given(st.text("aB1 .,;:!?…\"'-\n\x1c。", max_size=30))
def test_marks_go_by_one_rule_whatever_the_alphabet(text: str) -> None:
    """ASCII is read word by word, all else by the expression."""
    marks = re.compile(r"[,;:!?.…]+(?=\s|$)|[。，；：！？、“”‘’\"]+")
    assert normalised(text, fold=False) == re.sub(r"\s+", " ", marks.sub(" ", text.replace("…", "..."))).strip()
