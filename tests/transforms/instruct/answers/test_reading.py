"""Answers of a conversation beside their own questions; thoughts apart from them."""

from __future__ import annotations

from dataclasses import replace

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image
from transforms.instruct.adapters.base import StatedAnswer
from transforms.instruct.answers.reading import part_reasoning, read_answers
from transforms.instruct.rows import Answer

TURNS = (
    turn("system", "Be brief."),
    turn("user", Image(0), "Which?\n(A) cat\n(B) dog"),
    turn("assistant", "B"),
    turn("user", "How many?"),
    turn("assistant"),
    turn("assistant", "12 cats"),
)


def test_each_answer_belongs_to_the_question_before_it() -> None:
    assert read_answers(TURNS, ()) == (
        Answer(2, "letter", "B", ("cat", "dog"), (1,)),
        Answer(5, "number", "12 cats", (), ()),
    )


def test_what_the_record_states_counts_more_than_the_text() -> None:
    assert read_answers(TURNS, [StatedAnswer(5, ("12", "a dozen"), (0, 1))])[1] == Answer(
        5, "number", "12 cats", ("12", "a dozen"), (0, 1)
    )


def test_thoughts_that_open_an_answer_are_parted_from_it() -> None:
    thinking = turn("assistant", "<think>\nTwo.\n</think>\n\nFour.", Image(0))
    assert part_reasoning(thinking) == replace(turn("assistant", "Four.", Image(0)), reasoning="Two.")
    assert part_reasoning(turn("assistant", "<think>x</think>")) == replace(turn("assistant"), reasoning="x")
    for other in (turn("user", "<think>x</think>y"), turn("assistant", "a <think>x</think>"), turn("assistant")):
        assert part_reasoning(other) is other
    known = replace(thinking, reasoning="known")
    assert part_reasoning(known) is known
