from __future__ import annotations

import pytest

from transforms.instruct.answers.final_answer import final_answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He has 3, then 4 more.\n#### 7", "7"),
        ("We get $x = 2$, so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("The dog barks. The answer is B.", "B"),
        ("It adds up.\n**Final answer:** 12 kg", "12 kg"),
        ("狗在叫。答案是：乙。", "乙"),
        ("It is 1, therefore the answer is 3.5", "3.5"),
        (
            "The answer is not easy to see, as the picture shows neither of them, nor what they hold in their hands.",
            None,
        ),
        ("A cat sits on a carpet.", None),
        ("She answers the phone", None),
    ],
)
def test_what_it_comes_to(text: str, expected: str | None) -> None:
    assert final_answer(text) == expected
