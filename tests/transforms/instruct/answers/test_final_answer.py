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
        ("#### Directions:\nStir it.", None),
        ("Answers:\n1. a\n2. b", None),
        ("“不是”表示否定，例如：“这不是答案”意味着这不是正确的答案。", None),
        ("请提供更多信息，以便我提供更准确的答案。", None),
    ],
)
def test_what_it_comes_to(text: str, expected: str | None) -> None:
    assert final_answer(text) == expected
