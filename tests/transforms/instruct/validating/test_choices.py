from __future__ import annotations

import pytest

from transforms.instruct.rows import Answer
from transforms.instruct.validating.choices import not_among_choices, repeated_choice


@pytest.mark.parametrize(
    ("answer", "repeated", "foreign"),
    [
        (Answer(1, "letter", "B", ("cat", "dog"), (1,)), None, None),
        (Answer(1, "letter", "A, C", ("cat", "dog"), (0,)), None, "C"),
        (Answer(1, "letter", "A", ("cat", "cat "), (0,)), "cat", None),
        (Answer(1, "letter", "C", (), ()), None, None),
        (Answer(1, "number", "7", ("3", "5 cm"), ()), None, "7"),
        (Answer(1, "number", "5", ("3", "5 cm"), ()), None, None),
        (Answer(1, "yes_no", "yes", ("left", "right"), ()), None, "yes"),
        (Answer(1, "free", None, ("left", "right"), ()), None, None),
        (Answer(1, "letter", "X", ("X", "X"), (0, 1)), None, None),
    ],
)
def test_choices(answer: Answer, repeated: str | None, foreign: str | None) -> None:
    assert (repeated_choice(answer), not_among_choices(answer)) == (repeated, foreign)
