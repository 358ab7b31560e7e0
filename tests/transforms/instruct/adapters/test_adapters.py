"""Every published shape becomes the same turns; what nothing is read from is named; half an adapter is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image, Message, Text
from transforms.conversations.shapes import UnusableError
from transforms.instruct.adapters import registry
from transforms.instruct.adapters.base import Adapter, Reading, StatedAnswer
from transforms.instruct.adapters.chat import Messages
from transforms.instruct.adapters.registry import ADAPTERS, detect, register
from transforms.rejects import Reason

ASKED = (turn("user", Image(0), "What?"), turn("assistant", "A cat."))
HUMAN = {"from": "human", "value": "<image>What?"}
PICTURE = {"bytes": b"\xff\xd8", "path": "cat.jpg"}


def read(record: Mapping[str, Any], place_media: bool = False) -> Reading:
    return detect(record).read(record, place_media)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("messages", Messages.example),
        ("messages", {**Messages.example, "images": [PICTURE]}),
        ("conversations", {"conversations": [HUMAN, {"from": "gpt", "value": "A cat."}], "images": [PICTURE]}),
        ("alpaca", {"instruction": "<image>What?", "output": "A cat.", "image": "cat.jpg"}),
        ("cauldron", {"texts": [{"user": "What?", "assistant": "A cat.", "source": "x"}], "images": [PICTURE]}),
        ("vqa", {"question": "<image>What?", "answer": "A cat.", "image": "cat.jpg"}),
    ],
)
def test_one_form(name: str, record: Mapping[str, Any]) -> None:
    assert detect(record).name == name
    found = read(record).conversation
    assert found.messages == ASKED
    assert found.images in ((PICTURE,), ("cat.jpg",))


@pytest.mark.parametrize("name", ADAPTERS)
def test_examples_are_recognised_by_their_own_adapter_first(name: str) -> None:
    assert detect(ADAPTERS[name].example).name == name


def test_media_without_a_place_stand_before_the_first_question_where_the_source_says_so() -> None:
    record = {"system": "Be brief.", "instruction": "What?", "output": "A cat.", "image": "cat.jpg"}
    with pytest.raises(UnusableError, match="no place") as raised:
        read(record)
    assert raised.value.reason is Reason.UNPLACED_MEDIA
    assert read(record, place_media=True).conversation.messages == (turn("system", "Be brief."), *ASKED)
    two = {**record, "images": ["a", "b"]}
    assert read(two, place_media=True).conversation.messages[1] == turn("user", Image(0), Image(1), "What?")


def test_media_of_which_some_have_a_place_are_not_guessed_at() -> None:
    record = {"instruction": "<image>What?", "output": "A cat.", "images": ["a", "b"]}
    with pytest.raises(UnusableError, match="no place"):
        read(record, place_media=True)


def test_turns_say_what_was_thought_and_what_is_learnt() -> None:
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "weight": 0},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d", "reasoning_content": "e"},
    ]
    found = read({"messages": turns, "system": "Be brief."}).conversation.messages
    assert [message.train for message in found] == [True, True, False, True, True]
    assert found[-1] == Message("assistant", (Text("d"),), reasoning="e")
    with pytest.raises(UnusableError, match="reasoning"):
        read({"messages": [*turns, {"role": "assistant", "content": "x", "reasoning": 5}]})


CHOICES = ("A cat", "A dog")
LETTERED = turn("user", "What?\nA. A cat\nB. A dog")


@pytest.mark.parametrize(
    ("fields", "question", "answer", "stated"),
    [
        ({"choices": list(CHOICES), "answer": 1}, LETTERED, "B", (CHOICES, (1,))),
        ({"options": list(CHOICES), "answer": "(b)"}, LETTERED, "B", (CHOICES, (1,))),
        ({"options": {"A": "A cat", "B": "A dog"}, "answer": "a DOG"}, LETTERED, "B", (CHOICES, (1,))),
        ({"choices": list(CHOICES), "answer": "A bird"}, LETTERED, "A bird", (CHOICES, ())),
        ({"choices": list(CHOICES), "answer": "ß"}, LETTERED, "ß", (CHOICES, ())),
        ({"choices": list(CHOICES), "answer": 2}, LETTERED, "2", (CHOICES, ())),
        ({"answers": ["two", "2", "2"]}, turn("user", "What?"), "2", (("2", "two"), (0, 1))),
        ({"answers": [{"answer": "2", "answer_confidence": "yes"}]}, turn("user", "What?"), "2", None),
        ({"answer": 2.5}, turn("user", "What?"), "2.5", None),
    ],
)
def test_questions_with_choices_or_several_answers(
    fields: dict[str, Any], question: Message, answer: str, stated: tuple[Any, Any] | None
) -> None:
    found = read({"question": "What?", **fields})
    assert found.conversation.messages == (question, turn("assistant", answer))
    assert found.answers == ((StatedAnswer(1, *stated),) if stated else ())


def test_of_several_captions_the_first_is_taken_and_none_is_lost() -> None:
    found = read({"image": "a.jpg", "captions": ["A cat.", "A pet."]})
    assert found.conversation.messages == (turn("user", Image(0)), turn("assistant", "A cat."))
    assert found.answers == (StatedAnswer(1, ("A cat.", "A pet."), (0, 1)),)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"question": 5, "answer": "x"}, Reason.MALFORMED_RECORD),
        ({"question": "?", "answer": {"a": 1}}, Reason.MALFORMED_RECORD),
        ({"question": "?", "answer": True}, Reason.MALFORMED_RECORD),
        ({"question": "?", "answers": []}, Reason.NO_ANSWER),
        ({"question": "?", "answer": " "}, Reason.NO_ANSWER),
        ({"question": "?", "choices": ["x"] * 27, "answer": 0}, Reason.MALFORMED_RECORD),
        ({"texts": [{"user": None, "assistant": "x"}]}, Reason.MALFORMED_RECORD),
        ({"caption": "without an image"}, Reason.MALFORMED_RECORD),
        ({}, Reason.MALFORMED_RECORD),
    ],
)
def test_rejects(record: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(UnusableError) as raised:
        read(record)
    assert raised.value.reason is reason


def test_fields_that_nothing_is_read_from_are_named() -> None:
    record = {
        "id": 1,
        "conversations": [{"from": "human", "value": "a", "hash": 1}, {"from": "gpt", "value": "b", "hash": 2}],
        "data_source": "x",
        "bbox": [1, 2, 3, 4],
    }
    assert list(detect(record).unexpected_keys(record)) == ["data_source", "conversations[].hash"]
    assert read(record).conversation.messages == (turn("user", "a"), turn("assistant", "b"))


class Half(Messages):
    """Inherits from a whole one, so that each part can be taken away."""

    name = "half"


def test_half_an_adapter_cannot_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ADAPTERS", dict(ADAPTERS))
    with pytest.raises(TypeError, match="abstract"):
        register(type("Nothing", (Adapter,), {"name": "nothing"}))
    with pytest.raises(TypeError, match="abstract"):
        register(Adapter)
    with pytest.raises(TypeError, match="must say its name"):
        register(type("Silent", (Half,), {"description": ""}))
    with pytest.raises(TypeError, match="its own example"):
        register(type("Blind", (Half,), {"example": {"a": 1}}))
    with pytest.raises(UnusableError):
        register(type("Unable", (Half,), {"example": {"messages": []}}))
    with pytest.raises(TypeError, match="has the name of Messages"):
        register(type("Second", (Half,), {"name": "messages"}))
    register(Half)
    assert list(registry.ADAPTERS) == [*ADAPTERS, "half"]
