"""A question without its choices and without the form of the answer."""

from __future__ import annotations

import pytest

from transforms.instruct.question_core import core_of


@pytest.mark.parametrize(
    ("question", "core"),
    [
        (
            "Which is it?\nA. cat\nB. dog\nAnswer with the option's letter from the given choices directly.",
            "Which is it?",
        ),
        ("Which is it?\n(A) cat\n(B) dog", "Which is it?"),
        ("哪一项最高？\nA. 东区\nB. 西区\n请直接回答选项的字母。", "哪一项最高？"),
        ("Is it so?\nPlease answer yes or no.", "Is it so?"),
        ("Read this.\nHow many are there?", "Read this.\nHow many are there?"),
        ("Please answer: what is it?", "Please answer: what is it?"),  # the question itself
        ("A. cat\nB. dog", "A. cat\nB. dog"),  # nothing else is there
        ("", ""),
    ],
)
def test_core(question: str, core: str) -> None:
    assert core_of(question) == core
