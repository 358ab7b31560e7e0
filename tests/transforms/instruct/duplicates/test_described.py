"""What rows are told by."""

from __future__ import annotations

import numpy as np
import pytest

from tests.transforms.instruct.duplicates.small_duplicates import SETTINGS, asking, picture
from transforms.instruct.duplicates.described import DESCRIBED, ROW, Rows, describe
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.rows import Row


def numbers(*rows: Row, settings: DuplicatesSettings = SETTINGS) -> Rows:
    return np.frombuffer(b"".join(describe(rows, settings, 0)["row"].to_pylist()), ROW)


def test_equal_texts_are_equal_numbers() -> None:
    one, other, third = numbers(
        asking("0", "What?", "A cat"), asking("1", "what", "a cat."), asking("2", "Who?", "A cat")
    )
    assert one["text"] == other["text"]
    assert one["tie"] != other["tie"]
    assert one["answer"] == third["answer"]
    assert one["question"] != third["question"]


def test_a_part_may_have_lost_all_its_rows() -> None:
    assert describe([], SETTINGS, 0).schema.equals(DESCRIBED)


def test_preferred_sources_come_first() -> None:
    settings = DuplicatesSettings(prefer=["b", "a"])
    rows = numbers(*(asking(name, "?", "x", source=name) for name in "abc"), settings=settings)
    assert rows["rank"].tolist() == [1, 0, 2]


def test_closed_answers_are_those_of_the_settings() -> None:
    rows = [asking("0", "?", "Yes"), asking("1", "?", "A long tale")]
    assert numbers(*rows)["closed"].tolist() == [1, 0]
    assert numbers(*rows, settings=DuplicatesSettings(conflict_forms=["free"]))["closed"].tolist() == [0, 1]


def test_only_rows_without_media_meet_by_bands() -> None:
    table = describe([asking("0", "What is this here?", "x"), asking("1", "What?", "x", picture("a"))], SETTINGS, 0)
    assert table.schema.equals(DESCRIBED)
    assert [len(bands) for bands in table["bands"].to_pylist()] == [SETTINGS.bands, 0]


@pytest.mark.parametrize(
    ("question", "answer", "translated", "also", "alike"),
    [
        (
            "Write f.",
            "```python\ndef f(x):\n    return x + 1\n```",
            "编写 f。",
            "```python\ndef f(x):\n    return x + 1\n```",
            True,
        ),
        ("How many kites of 38 and 1205?", "1243", "38 和 1205 只风筝一共几只？", "1243", True),
        ("How many kites of 38 and 1205?", "1243", "39 和 1205 只风筝一共几只？", "1243", False),
    ],
)
def test_a_translation_leaves_numbers_and_code(
    question: str, answer: str, translated: str, also: str, alike: bool
) -> None:
    one, other = numbers(asking("0", question, answer), asking("1", translated, also))
    assert (one["skeleton"] == other["skeleton"]) == alike
    assert [one["han"], other["han"]] == [0, 1]
    assert min(one["evidence"], other["evidence"]) >= 8


def test_one_yes_is_little_evidence() -> None:
    assert numbers(asking("0", "Is it?", "Yes"))["evidence"][0] == 1
