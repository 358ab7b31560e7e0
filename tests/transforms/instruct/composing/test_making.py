"""Rows about several pictures say nothing that does not follow from what is known of each."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Text
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.composing.making import Composer
from transforms.instruct.composing.settings import ComposeSettings
from transforms.instruct.composing.wording import TASKS, read_wording
from transforms.instruct.rows import Medium, Row

QUESTIONS = {"number": "How many cats are there?", "yes_no": "Is there a cat?"}


def asked(place: int, question: str, answer: str, picture: int | None = None, **about: object) -> Row:
    messages = (turn("user", Image(0), question), turn("assistant", answer))
    name = place if picture is None else picture
    media = (Medium("image", uri=f"{name}.png", content_hash=name.to_bytes(16, "big"), licence="CC0-1.0"),)
    row = Row(f"s/a/{place}", "s", messages, media=media, answers=read_answers(messages, ()), language="en")
    about = {"licence_data": "CC0-1.0", "split": "train", "source_record": "{}", **about}
    return replace(row, **about)  # type: ignore[arg-type]


def made(rows: list[Row], seed: int = 0, **settings: object) -> list[Row]:
    found = ComposeSettings(share=1.0, **settings)  # type: ignore[arg-type]
    return Composer(found, read_wording(found.wording_file), seed, "s/a").rows(rows, rows)


def check(row: Row, by_picture: dict[bytes, str]) -> None:
    """The answer again, from the records alone."""
    values = [by_picture[one.content_hash or b""] for one in row.media]
    assert len(set(row.media)) == len(values)
    (said,) = (part.text for part in row.messages[1].content if isinstance(part, Text))
    question = row.messages[0].content[-1]
    assert isinstance(question, Text) and row.messages[0].content[:-1] == tuple(Image(n) for n in range(len(values)))
    task = row.category_by
    if task == "compose:compare":
        assert len(values) == 2 and said == ("Yes" if values[0] == values[1] else "No")
    elif task == "compose:find":
        place = int(said.removeprefix("Picture ")) - 1
        assert values.count(values[place]) == 1 and f"“{values[place]}”" in question.text
    else:
        ranked = [float(values[int(place) - 1]) for place in said.split(", ")]
        assert len(ranked) == len(values) >= 3 and ranked == sorted(ranked) and len(set(ranked)) == len(ranked)


@pytest.mark.slow
@given(st.lists(st.integers(0, 6), max_size=40), st.lists(st.booleans(), max_size=40), st.integers(0, 99))
def test_every_answer_follows_from_known_ones(counts: list[int], presences: list[bool], seed: int) -> None:
    rows = [asked(at, QUESTIONS["number"], str(count)) for at, count in enumerate(counts)]
    rows += [asked(100 + at, QUESTIONS["yes_no"], "Yes" if one else "No") for at, one in enumerate(presences)]
    by_picture = {row.media[0].content_hash or b"": row.messages[1].content[0].text for row in rows}  # type: ignore[union-attr]
    found = made(rows, seed)
    for row in found:
        check(row, by_picture)
    shown = Counter(one.content_hash for row in found for one in row.media)
    assert not shown or max(shown.values()) == 1
    assert found == made(list(reversed(rows)), seed) and len({row.key for row in found}) == len(found)


def test_rows_say_what_they_are_made_of() -> None:
    rows = [asked(at, "How many cats?\nAnswer with a number.", str(at), model_terms=(f"t{at}",)) for at in range(2)]
    (row,) = made(rows, tasks=["compare"])
    assert (row.category, row.category_by, row.split, row.licence_data) == (
        "multi_image",
        "compose:compare",
        "train",
        "CC0-1.0",
    )
    assert row.pair is not None and row.pair[1] == "composed_compare"
    about = json.loads(row.source_record or "")
    assert (
        sorted(about["of"]) == ["s/a/0", "s/a/1"] and about["licences"] == ["CC0-1.0"] and row.pair[0] == about["of"][0]
    )
    assert row.model_terms == ("t0", "t1") and [one.licence for one in row.media] == ["CC0-1.0"] * 2
    assert "“How many cats?”" in row.messages[0].content[-1].text  # type: ignore[union-attr]
    assert row.answers[0].form == "yes_no"


def test_tasks_answers_and_places_are_mixed() -> None:
    rows = [asked(at, QUESTIONS["number"], str(at % 5)) for at in range(600)]
    found = made(rows)
    tasks = Counter(row.category_by for row in found)
    assert set(tasks) == {f"compose:{task}" for task in TASKS} and min(tasks.values()) > 30
    said = Counter(row.messages[1].content[0].text for row in found if row.category_by == "compose:compare")  # type: ignore[union-attr]
    assert min(said["Yes"], said["No"]) > 0.3 * said.total()
    places = Counter(row.messages[1].content[0].text for row in found if row.category_by == "compose:find")  # type: ignore[union-attr]
    assert min(places["Picture 1"], places["Picture 2"]) > 0.15 * places.total()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (asked(0, "How many?", "3"), asked(1, "How many?", "4", split="test")),
        (asked(0, "How many?", "3"), asked(1, "How many?", "4", licence_data="CC-BY-4.0")),
        (asked(0, "How many?", "3"), asked(1, "How many?", "4", language="zh")),
        (asked(0, "How many?", "3"), asked(1, "How many cats?", "4")),
        (asked(0, "How many?", "3"), asked(1, "How many?", "4", picture=0)),
        (asked(0, "How many?", "3"), asked(1, "How many?", "4", tools="[]")),
        (asked(0, "How heavy?", "3 kg"), asked(1, "How heavy?", "4 kg")),
        (asked(0, "What is it?", "cat"), asked(1, "What is it?", "dog")),
        (asked(0, "Which?\nA. x\nB. y", "A"), asked(1, "Which?\nA. x\nB. y", "B")),
    ],
)
def test_what_may_not_be_compared_makes_no_row(one: Row, other: Row) -> None:
    assert made([one, other]) == []


def test_no_more_rows_than_the_share() -> None:
    rows = [asked(at, QUESTIONS["number"], str(at % 5)) for at in range(100)]
    settings = ComposeSettings(share=0.05)
    wording = read_wording(settings.wording_file)
    some = Composer(settings, wording, 0, "s/a").rows(rows, rows)
    assert len(some) == 5 and {row.key for row in some} <= {row.key for row in made(rows)}
    assert Composer(settings, wording, 0, "s/a").rows(rows, []) == []
