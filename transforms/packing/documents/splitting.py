"""A conversation longer than a pack, cut between rounds into documents that each fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from transforms.conversations.document import Document, Image, Message, Part, Text, Video
from transforms.packing.documents.chat import ChatTokenizer
from transforms.rejects import Reason, Reject


class Piece(NamedTuple):
    """A document, and which media of the whole its own media are, in order."""

    document: Document
    images: tuple[int, ...]
    videos: tuple[int, ...]


class _Round(NamedTuple):
    """Turns that stay together, and their tokens, turn by turn."""

    messages: list[Message]
    tokens: list[int]

    def has_answer(self) -> bool:
        return any(_is_learnt(message) for message in self.messages)


def split_at_turns(document: Document, chat: ChatTokenizer, pack_tokens: int) -> list[Piece] | Reject:
    """Cut between rounds only, as late as fits; every piece has an answer to learn.

    A system turn holds for all that follows it, as in the template, where it stays in sight: every piece begins with
    the system turns, the first and those in mid-conversation, that stand before it in the whole. Piece i has the key
    ``<key>#<i>`` and the media that its turns show. A reject when one round alone is too long, or the document cannot
    be written in the template.
    """
    whole = _with_system_turn(document, chat)
    counts = chat.turn_tokens(whole)
    if isinstance(counts, Reject):
        return counts
    lengths = chat.lengths([whole])[0]
    assert not isinstance(lengths, Reject)  # turn_tokens has rendered it
    opening: list[Message] = []
    opening_tokens = filled = lengths.num_tokens - int(counts.sum())  # of the system turn that is not in the document
    pieces: list[list[Message]] = [[]]
    for messages, tokens in _rounds(whole.messages, counts.tolist()):
        if (alone := opening_tokens + sum(tokens)) > pack_tokens:
            return Reject(document.key, Reason.TOO_LONG, f"one round of {alone} tokens, the pack holds {pack_tokens}")
        if filled + sum(tokens) > pack_tokens:
            pieces.append(list(opening))
            filled = opening_tokens
        pieces[-1] += messages
        filled += sum(tokens)
        for message, count in zip(messages, tokens, strict=True):
            if message.role == "system":
                opening.append(message)
                opening_tokens += count
    if len(pieces) == 1:
        return [Piece(document, tuple(range(len(document.images))), tuple(range(len(document.videos))))]
    return [_piece(document, f"{document.key}#{i}", piece) for i, piece in enumerate(pieces)]


def _with_system_turn(document: Document, chat: ChatTokenizer) -> Document:
    """With the turn that the template puts first, where a system turn comes later: a piece may begin with that one."""
    if document.messages[0].role == "system" or not any(message.role == "system" for message in document.messages):
        return document
    return replace(document, messages=(chat.system_turn, *document.messages))


def _rounds(messages: Sequence[Message], tokens: Sequence[int]) -> list[_Round]:
    """What leads to an answer, and the answer, up to the next question or system turn.

    The result of a tool is no question; one that is not answered stays with what follows it, at the end with what was
    before.
    """
    rounds = [_Round([], [])]
    for message, count in zip(messages, tokens, strict=True):
        begins = message.role == "system" or (message.role == "user" and not _is_tool_result(message))
        if begins and rounds[-1].has_answer():
            rounds.append(_Round([], []))
        rounds[-1].messages.append(message)
        rounds[-1].tokens.append(count)
    if len(rounds) > 1 and not rounds[-1].has_answer():
        last = rounds.pop()
        rounds[-1] = _Round(rounds[-1].messages + last.messages, rounds[-1].tokens + last.tokens)
    return rounds


def _is_learnt(message: Message) -> bool:
    has_text = any(isinstance(part, Text) and part.text.strip() for part in message.content)
    return message.role == "assistant" and message.train and has_text


def _is_tool_result(message: Message) -> bool:
    first = message.content[0] if message.content else None
    return isinstance(first, Text) and first.text.startswith("<tool_response>")


def _piece(document: Document, key: str, messages: Sequence[Message]) -> Piece:
    """The document of ``messages`` alone, its media numbered from nought again."""
    images: list[int] = []
    videos: list[int] = []
    renumbered: list[Message] = []
    for message in messages:
        content: list[Part] = []
        for part in message.content:
            if isinstance(part, Image):
                images.append(part.index)
                content.append(Image(len(images) - 1))
            elif isinstance(part, Video):
                videos.append(part.index)
                content.append(Video(len(videos) - 1))
            else:
                content.append(part)
        renumbered.append(replace(message, content=tuple(content)))
    image_sizes = tuple(document.images[index] for index in images)
    video_sizes = tuple(document.videos[index] for index in videos)
    piece = Document(key, document.source, tuple(renumbered), image_sizes, video_sizes)
    return Piece(piece, tuple(images), tuple(videos))
