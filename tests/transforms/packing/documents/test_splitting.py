"""A long conversation is cut between rounds, and no turn, image or token is lost."""

from __future__ import annotations

import pytest

from tests.transforms.packing.documents.processor import IMAGES, VIDEOS
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Document, Image, ImageSize, Message, Video, VideoSize
from transforms.packing.documents.chat import ChatTokenizer
from transforms.packing.documents.splitting import split_at_turns
from transforms.packing.documents.tiny_tokenizer import tiny_tokenizer
from transforms.rejects import Reason, Reject

CHAT = ChatTokenizer(tiny_tokenizer(), IMAGES, VIDEOS)


def conversation(rounds: int, *, system: bool) -> Document:
    messages: list[Message] = [turn("system", "Be brief.")] if system else []
    for i in range(rounds):
        messages.append(turn("user", Image(i), f"Question {i}?"))
        messages.append(turn("assistant", "<tool_call>\nx\n</tool_call>"))
        messages.append(turn("user", "<tool_response>\ny\n</tool_response>"))
        messages.append(turn("assistant", f"Answer {i}."))
    return Document("k", "s", tuple(messages), tuple(ImageSize(60 + 28 * i, 60) for i in range(rounds)))


@pytest.mark.parametrize("system", [False, True])
@pytest.mark.parametrize("pack_tokens", [150, 220, 400])
def test_pieces_fit_and_hold_everything(system: bool, pack_tokens: int) -> None:
    document = conversation(9, system=system)
    pieces = split_at_turns(document, CHAT, pack_tokens)
    assert isinstance(pieces, list) and len(pieces) > 1
    assert [piece.document.key for piece in pieces] == [f"k#{i}" for i in range(len(pieces))]
    assert [index for piece in pieces for index in piece.images] == list(range(9))
    rest = document.messages[system:]
    for piece in pieces:
        found = piece.document
        assert CHAT.lengths([found])[0].num_tokens <= pack_tokens
        assert found.images == tuple(document.images[index] for index in piece.images)
        if system:
            assert found.messages[0] == document.messages[0]
        own = found.messages[system:]
        assert isinstance(own[0].content[0], Image)  # a question: never the result of a tool
        assert own[-1] == rest[len(own) - 1]
        assert [m.role for m in own] == [m.role for m in rest[: len(own)]]
        rest = rest[len(own) :]
    assert rest == ()


def test_a_cut_is_as_late_as_fits() -> None:
    document = conversation(6, system=True)
    first, second, *_ = split_at_turns(document, CHAT, 300)
    one_more = (*first.document.messages, *second.document.messages[1:5])
    images = (*first.document.images, second.document.images[0])
    assert CHAT.lengths([Document("", "", one_more, images)])[0].num_tokens > 300


def test_what_fits_stays_whole() -> None:
    document = conversation(2, system=False)
    (piece,) = split_at_turns(document, CHAT, 10_000)
    assert piece.document is document and piece.images == (0, 1)


def test_a_round_longer_than_a_pack_is_a_reject_with_its_length() -> None:
    long = Document("k", "s", (turn("user", Video(0)), turn("assistant", "x")), (), (VideoSize(50, 80, 80),))
    found = split_at_turns(long, CHAT, 200)
    tokens = CHAT.lengths([long])[0].num_tokens
    assert found == Reject("k", Reason.TOO_LONG, f"one round of {tokens} tokens, the pack holds 200")
