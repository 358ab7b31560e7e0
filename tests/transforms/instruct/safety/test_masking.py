from __future__ import annotations

from tests.transforms.instruct.said import row
from transforms.conversations.document import Message, Text
from transforms.instruct.safety.masking import masked, texts_of
from transforms.instruct.safety.personal_data import Found


def test_all_that_a_row_says() -> None:
    thought = Message("assistant", (Text("print(1)"),), reasoning="Hm.")
    said = row("s:Be brief.", "u:One?", thought, tools='[{"name": "sum"}]')
    assert [tuple(one) for one in texts_of(said)] == [
        (-1, -1, '[{"name": "sum"}]', False), (0, 0, "Be brief.", False), (1, 0, "One?", False), (2, -1, "Hm.", False),
        (2, 0, "print(1)", True),
    ]  # fmt: skip


def test_names_stand_in_the_place_of_what_was_found() -> None:
    assert masked("ab12cd3", [Found(2, 4, "card"), Found(6, 7, "email")]) == "ab[CARD]cd[EMAIL]"
    assert masked("ab", []) == "ab"
