"""A shape is one object in one registry: with it there, records of it are read; half of one cannot be made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transforms.packing.small_documents import turn
from transforms.conversations import shapes
from transforms.conversations.adapters import Conversation, of_record
from transforms.conversations.document import Image
from transforms.conversations.shapes import ALPACA, CONVERSATIONS, MESSAGES, SHAPES, Shape, Turns, shape_of
from transforms.rejects import Reason, Reject

RECORD = {"q": "<image>What?", "a": "A cat.", "image": "cat.jpg"}


def question_and_answer(record: Any) -> Turns:
    turns = [{"who": "user", "says": record["q"]}, {"who": "model", "says": record["a"]}]
    return Turns(turns, "who", "says")


QUESTION = Shape("question", "'q' with 'a'", lambda record: "q" in record and "a" in record, question_and_answer)


def test_a_shape_that_is_added_is_read_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/extending.md has it: without the entry a record is a reject, with it it is read, media and all."""
    refused = of_record("k", RECORD)
    assert isinstance(refused, Reject) and refused.reason is Reason.MALFORMED_RECORD
    assert refused.detail == (
        "expected a list 'messages', or a list 'conversations', or 'instruction' with 'output'; "
        "found the fields a, image, q"
    )
    monkeypatch.setattr(shapes, "SHAPES", (*SHAPES, QUESTION))
    expected = Conversation((turn("user", Image(0), "What?"), turn("assistant", "A cat.")), ("cat.jpg",))
    assert of_record("k", RECORD) == expected
    other = of_record("k", {"text": "no turns"})
    assert isinstance(other, Reject) and "or 'q' with 'a'; found the fields text" in other.detail
    with_system = of_record("k", {**RECORD, "system": "Be brief."})
    assert isinstance(with_system, Conversation) and with_system.messages[0] == turn("system", "Be brief.")


def test_half_a_shape_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'turns'"):
        Shape("half", "nothing", bool)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("record", "shape"),
    [
        ({"messages": [], "conversations": []}, MESSAGES),
        ({"messages": "text", "conversations": []}, CONVERSATIONS),
        ({"messages": None, "instruction": "", "output": ""}, ALPACA),
    ],
)
def test_the_first_that_fits_is_taken(record: dict[str, Any], shape: Shape) -> None:
    assert shape_of(record) is shape
    assert len({one.name for one in SHAPES}) == len(SHAPES)
