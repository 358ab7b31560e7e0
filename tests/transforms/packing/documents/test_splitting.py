"""A long conversation is cut between rounds, and no turn, image or token is lost."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.transforms.packing.documents.processor import IMAGES, VIDEOS
from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import (
    DEFAULT_SYSTEM_PROMPT,
    Document,
    Image,
    ImageSize,
    Message,
    Video,
    VideoSize,
)
from transforms.packing.documents.chat import IGNORED_LABEL, ChatTokenizer, Tokenised
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
        assert [part.index for part in found.parts() if isinstance(part, Image)] == list(range(len(found.images)))
        own = found.messages[system:]
        assert isinstance(own[0].content[0], Image)  # a question: never the result of a tool
        assert own[-1] == rest[len(own) - 1]
        assert [m.role for m in own] == [m.role for m in rest[: len(own)]]
        rest = rest[len(own) :]
    assert rest == ()


def tokens_of(*messages: Message) -> int:
    return CHAT.lengths([Document("k", "s", messages)])[0].num_tokens


def has_target(piece: Document) -> bool:
    (tokenised,) = CHAT.encode([piece])
    assert isinstance(tokenised, Tokenised)
    return bool((tokenised.labels != IGNORED_LABEL).any())


def is_learnt(message: Message) -> bool:
    return message.role == "assistant" and message.train and bool(message.content[0].text.strip())


_TURNS = st.lists(
    st.tuples(
        st.sampled_from(["system", "user", "user", "assistant", "masked", "result"]),
        st.sampled_from(["", " ", "ab " * 9]),
    ),
    min_size=1,
    max_size=12,
)


@given(_TURNS, st.integers(40, 150))
@settings(max_examples=200, deadline=None)
def test_every_piece_has_an_answer_fits_and_nothing_is_lost(turns: list[tuple[str, str]], pack_tokens: int) -> None:
    messages = [
        turn("user", f"<tool_response>\n{number} {text}\n</tool_response>") if role == "result"
        else dataclasses.replace(turn("assistant", f"{number} {text}"), train=False) if role == "masked"
        else turn(role, f"{number} {text}" if text != " " else text)
        for number, (role, text) in enumerate(turns)
    ]  # fmt: skip
    assume(any(is_learnt(m) for m in messages))
    document = Document("k", "s", tuple(messages))
    pieces = split_at_turns(document, CHAT, pack_tokens)
    if isinstance(pieces, Reject):
        assert CHAT.lengths([document])[0].num_tokens > pack_tokens
        return
    before: list[Message] = []
    for index, (piece, _, _) in enumerate(pieces):
        assert has_target(piece) and any(is_learnt(m) for m in piece.messages)
        assert CHAT.lengths([piece])[0].num_tokens <= pack_tokens
        systems = [m for m in before if m.role == "system"]
        own = list(piece.messages)
        if len(pieces) > 1 and messages[0].role != "system" and any(m.role == "system" for m in messages):
            assert own.pop(0) == CHAT.system_turn
        if index:
            assert own[: len(systems)] == systems
            own = own[len(systems) :]
        before += own
    assert before == messages


def test_a_system_turn_holds_from_there_on() -> None:
    """Beyond the piece in which it stands; and what was said before it is not under it."""
    rounds = [(turn("user", f"Question {i}?"), turn("assistant", f"Answer {i}, " + "at length " * 8)) for i in range(4)]
    calm, short = turn("system", "Be calm."), turn("system", "From here on, be short.")
    document = Document("k", "s", (calm, *rounds[0], *rounds[1], short, *rounds[2], *rounds[3]))
    pieces = split_at_turns(document, CHAT, tokens_of(calm, short, *rounds[3]))
    assert [piece.document.messages for piece in pieces] == [
        (calm, *rounds[0]),
        (calm, *rounds[1]),
        (calm, short, *rounds[2]),
        (calm, short, *rounds[3]),
    ]
    default = turn("system", DEFAULT_SYSTEM_PROMPT)
    without = split_at_turns(Document("k", "s", document.messages[1:]), CHAT, tokens_of(default, short, *rounds[3]))
    assert [piece.document.messages[:-2] for piece in without] == [(default,), (default,), *[(default, short)] * 2]


def test_questions_without_an_answer_do_not_stand_alone() -> None:
    ask, answer = turn("user", "And? " * 8), turn("assistant", "So. " * 8)
    empty = turn("assistant", " ")
    document = Document("k", "s", (ask, answer, ask, ask, answer, ask, empty, ask, answer, ask))
    pieces = split_at_turns(document, CHAT, tokens_of(*document.messages[5:]))
    assert [len(piece.document.messages) for piece in pieces] == [2, 3, 5]
    assert all(has_target(piece.document) for piece in pieces)


def test_a_cut_is_as_late_as_fits() -> None:
    document = conversation(6, system=True)
    first, second, *_ = split_at_turns(document, CHAT, 300)
    one_more = (*first.document.messages, *second.document.messages[1:5])
    images = (*first.document.images, second.document.images[0])
    assert CHAT.lengths([Document("", "", one_more, images)])[0].num_tokens > 300


def test_videos_of_a_piece_are_numbered_anew() -> None:
    rounds = [(turn("user", Video(i), Image(i), f"Question {i}?"), turn("assistant", "Answer.")) for i in range(3)]
    images, videos = (ImageSize(60, 60),) * 3, tuple(VideoSize(1 + i, 60, 60) for i in range(3))
    document = Document("k", "s", tuple(message for one in rounds for message in one), images, videos)
    last = Document("k", "s", (turn("user", Video(0), Image(0), "Question 2?"), rounds[2][1]), images[:1], videos[2:])
    pieces = split_at_turns(document, CHAT, CHAT.lengths([last])[0].num_tokens)
    assert [piece.document for piece in pieces][-1] == dataclasses.replace(last, key="k#2")
    assert [(piece.images, piece.videos) for piece in pieces] == [((i,), (i,)) for i in range(3)]


def test_what_fits_stays_whole() -> None:
    document = conversation(2, system=False)
    (piece,) = split_at_turns(document, CHAT, 10_000)
    assert piece.document is document and piece.images == (0, 1)


def test_a_round_longer_than_a_pack_is_a_reject_with_its_length() -> None:
    long = Document("k", "s", (turn("user", Video(0)), turn("assistant", "x")), (), (VideoSize(50, 80, 80),))
    found = split_at_turns(long, CHAT, 200)
    tokens = CHAT.lengths([long])[0].num_tokens
    assert found == Reject("k", Reason.TOO_LONG, f"one round of {tokens} tokens, the pack holds 200")
