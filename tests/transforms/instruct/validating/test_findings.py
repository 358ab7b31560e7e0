from __future__ import annotations

from tests.transforms.instruct.said import row
from transforms.conversations.document import Message, Text
from transforms.instruct.rows import Medium
from transforms.instruct.validating.findings import exchanges, shown


def test_an_exchange_is_an_answer_and_all_that_it_answers() -> None:
    unlearnt = Message("assistant", (Text("2"),), train=False)
    said = row("s:Be brief.", "u:One?", "a:1", "u:Two?", unlearnt, "u:<image>Three?", "a:<think>Hm.</think>3",
               media=(Medium("image"),))  # fmt: skip
    assert [(one.message, one.first, one.question, one.text, one.reasoning, one.shows) for one in exchanges(said)] == [
        (2, 0, "One?", "1", "", False), (6, 5, "Three?", "3", "Hm.", True)
    ]  # fmt: skip
    assert [one.answer.value for one in exchanges(said) if one.answer] == ["1", "3"]


def test_a_detail_is_one_line() -> None:
    assert shown("a\n b") == "a b" and len(shown("x" * 200)) == 80
