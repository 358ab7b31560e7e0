"""What an answer is, told as a person would tell it, in English and Chinese."""

from __future__ import annotations

import time

import pytest

from transforms.instruct.answers.choices import find_choices
from transforms.instruct.answers.forms import FORMS, ParsedAnswer, parse_answer

CHOICES = ("a red cat", "A dog.", "42 cm")

CASES = [
    ("B", CHOICES, "letter", "B", (1,)),
    ("(b)", (), "free", None, ()),
    ("(B).", CHOICES, "letter", "B", (1,)),
    ("Answer: C", CHOICES, "letter", "C", (2,)),
    ("The answer is B.", CHOICES, "letter", "B", (1,)),
    ("答案：A", CHOICES, "letter", "A", (0,)),
    ("A, C", CHOICES, "letter", "A, C", (0, 2)),
    ("B. A dog", CHOICES, "letter", "B", (1,)),
    ("B. Something else", CHOICES, "free", None, ()),
    ("E", CHOICES, "letter", "E", ()),
    ("a dog", CHOICES, "option", "A dog.", (1,)),
    ("42 cm", CHOICES, "option", "42 cm", (2,)),
    ("Yes.", (), "yes_no", "yes", ()),
    ("没有", (), "yes_no", "no", ()),
    ("Yes, because the sky is blue.", (), "free", None, ()),
    ("38", (), "number", "38", ()),
    ("$1,234.50", (), "number", "$ 1234.50", ()),
    ("−12.5 km/h.", (), "number", "-12.5 km/h", ()),
    ("7个", (), "number", "7 个", ()),
    ("12%", (), "number", "12 %", ()),
    ("3/4", (), "number", "3/4", ()),
    ("12,34", (), "free", None, ()),
    ("$x^2 + 1$", (), "formula", "$x^2 + 1$", ()),
    (r"\boxed{12}", (), "formula", r"\boxed{12}", ()),
    ("It costs $5 or $6 to park here.", (), "free", None, ()),
    ("[0.1, 0.2, 0.3, 0.4]", (), "box", "[[0.1, 0.2, 0.3, 0.4]]", ()),
    ("<ref>cat</ref><box>(1,2),(3,4)</box>", (), "box", "[[1.0, 2.0, 3.0, 4.0]]", ()),
    ('```json\n[{"bbox_2d": [1, 2, 3, 4], "label": "a cat"}]\n```', (), "box", "[[1.0, 2.0, 3.0, 4.0]]", ()),
    ("The cat is at [1, 2, 3, 4], left of it a dog.", (), "free", None, ()),
    ("- red\n- blue", (), "list", '["red", "blue"]', ()),
    ("They are:\n\n1. red\n2. blue", (), "list", '["red", "blue"]', ()),
    ('["red", 5]', (), "list", '["red", 5]', ()),
    ("Some are red.\n- blue\nand green", (), "free", None, ()),
    ("```python\nprint(1)\n```", (), "code", None, ()),
    ("def add(a, b):\n    return a + b", (), "code", None, ()),
    ("SELECT name FROM people WHERE age > 5;", (), "code", None, ()),
    ("<html>\n<body>\n<p>Hello</p>\n</body>\n</html>", (), "code", None, ()),
    ("# adds two\nadd(1, 2)", (), "code", None, ()),
    ("欺骗他人(trick somebody)", (), "free", None, ()),
    ("#充实生活# 可以使用标签。", (), "free", None, ()),
    ("If it rains, take an umbrella; else go.", (), "free", None, ()),
    ("For a start, boil water (one litre).\nThen add salt.", (), "free", None, ()),
    ("细胞理论是生物科学的一个理论。", (), "free", None, ()),
    ("", (), "free", None, ()),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "choices", "form", "value", "correct"), CASES)
def test_forms(answer: str, choices: tuple[str, ...], form: str, value: str | None, correct: tuple[int, ...]) -> None:
    assert parse_answer(answer, choices) == ParsedAnswer(form, value, correct)


def test_every_form_has_a_case() -> None:
    assert {case[2] for case in CASES} == set(FORMS)


@pytest.mark.parametrize(
    ("question", "choices"),
    [
        ("What?\nA. a cat\nB. a dog\nAnswer with the letter.", ("a cat", "a dog")),
        ("Which is it? Options: (A) a cat (B) a dog, (C) none", ("a cat", "a dog", "none")),
        ("哪个？\n（A）猫\n（B）狗", ("猫", "狗")),
        ("A) 1\nB) 2\n\nA: x\nB: y\nD: z", ("x", "y")),
        ("A. Lincoln was president. What did he do?", ()),
        ("B. x\nC. y", ()),
        ("What is (A) in f(B)?", ()),
        ("", ()),
    ],
)
def test_choices_in_questions(question: str, choices: tuple[str, ...]) -> None:
    assert find_choices(question) == choices


@pytest.mark.parametrize(
    "piece",
    ["`", "```", "(1,2)" + " " * 500, "A. x" + " " * 500, "(A) ", "<ref>", "[1, 2, 3, 4] <ref>", "[", "- ", "; ",
     "x = ", '"', "$", "\\boxed{", "<a ", "1,", "<box>[1, 2, 3, 4]", " ", "(1,2)" + " " * 99_990,
     "A. x" + " " * 99_990 + "y"],
)  # fmt: skip
def test_no_text_takes_for_ever(piece: str) -> None:
    """Texts of 100,000 characters that begin something again and again: what looks at each rest anew takes minutes."""
    text = piece * (100_000 // len(piece)) + "!"
    start = time.process_time()
    parse_answer(text, find_choices(text))
    assert time.process_time() - start < 5
