from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.instruct.answers.forms import parse_answer
from transforms.instruct.answers.rendering import rendered
from transforms.instruct.answers.settings import RenderedForms

ALL = RenderedForms(list=True)
CHOICES = ("A cat", "A dog")


@pytest.mark.parametrize(
    ("answer", "choices", "expected"),
    [
        ("(B)", CHOICES, "B"), ("B.", CHOICES, "B"), ("The answer is B.", CHOICES, "B"), ("B. A dog", CHOICES, "B"),
        ("答案是：B", CHOICES, "B"), ("B and A", CHOICES, "B, A"), ("a dog.", CHOICES, "A dog"),
        ("yes.", (), "Yes"), ("TRUE", (), "True"), ("是的。", (), "是的"), ("Answer: no", (), "No"),
        ("12 kg.", (), "12 kg"), ("Answer: $1,234.50", (), "$1,234.50"), ("−3", (), "-3"),
        ("* one\n* two", (), "- one\n- two"), ("Things:\n1) one\n2) two", (), "Things:\n1. one\n2. two"),
    ],
)  # fmt: skip
def test_one_rendering(answer: str, choices: tuple[str, ...], expected: str) -> None:
    assert rendered(answer, choices, ALL) == expected
    assert rendered(expected, choices, ALL) is None


@pytest.mark.parametrize(
    "answer",
    [
        "B. A cat",
        "B",
        "A dog runs.",
        "```\n1) x\n```",
        "$x = 1$.",
        "[1, 2, 3, 4].",
        '["b", "a"]',
        "- one\n- two",
        "5kg",
    ],
)
def test_what_is_left_as_it_is(answer: str) -> None:
    assert rendered(answer, CHOICES, ALL) is None


def test_a_form_can_be_off() -> None:
    off = RenderedForms(letter=False, option=False, yes_no=False, number=False, list=False)
    for answer in ("(B)", "a dog.", "yes.", "12.", "* one\n* two"):
        assert rendered(answer, CHOICES, off) is None and rendered(answer, CHOICES, ALL) is not None


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=30), st.from_regex(r"[(]?[A-D][).]|(?i:yes|no)[.!]?|-?[0-9]{1,6}(\.[0-9])? ?(kg)?\.?"))
)
def test_value_and_form_stay(answer: str) -> None:
    text = rendered(answer, CHOICES, ALL)
    if text is not None:
        assert parse_answer(text, CHOICES) == parse_answer(answer, CHOICES)
        assert rendered(text, CHOICES, ALL) is None
