"""A conversation longer than a pack, cut between rounds into documents that each fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from transforms.conversations.document import Document, Image, Message, Part, Text, Video
from transforms.packing.documents.chat import ChatTokenizer
from transforms.rejects import Reason, Reject


class Piece(NamedTuple):
    """A document, and which media of the whole its own media are, in order."""

    document: Document
    images: tuple[int, ...]
    videos: tuple[int, ...]


def split_at_turns(document: Document, chat: ChatTokenizer, pack_tokens: int) -> list[Piece] | Reject:
    """Cut before user turns only, as late as fits; every piece begins with the document's own system turn.

    Piece i has the key ``<key>#<i>`` and the media that its turns show. A reject when one round alone is too long, or
    the document cannot be written in the template.
    """
    counts = chat.turn_tokens(document)
    if isinstance(counts, Reject):
        return counts
    has_system = document.messages[0].role == "system"
    whole = chat.lengths([document])[0]
    assert not isinstance(whole, Reject)  # turn_tokens has rendered it
    system_tokens = int(counts[0]) if has_system else whole.num_tokens - int(counts.sum())
    system = document.messages[:1] if has_system else ()
    pieces: list[list[Message]] = [[]]
    filled = system_tokens
    for messages, tokens in _rounds(document.messages[len(system) :], counts[len(system) :].tolist()):
        if system_tokens + tokens > pack_tokens:
            detail = f"one round of {system_tokens + tokens} tokens, the pack holds {pack_tokens}"
            return Reject(document.key, Reason.TOO_LONG, detail)
        if filled + tokens > pack_tokens:
            pieces.append([])
            filled = system_tokens
        pieces[-1] += messages
        filled += tokens
    if len(pieces) == 1:
        return [Piece(document, tuple(range(len(document.images))), tuple(range(len(document.videos))))]
    return [_piece(document, f"{document.key}#{i}", (*system, *piece)) for i, piece in enumerate(pieces)]


def _rounds(messages: Sequence[Message], tokens: list[int]) -> list[tuple[list[Message], int]]:
    """A user turn and all that follows it up to the next question. The result of a tool is no new question."""
    rounds: list[tuple[list[Message], int]] = []
    for message, count in zip(messages, tokens, strict=True):
        if rounds and (message.role != "user" or _is_tool_result(message)):
            rounds[-1] = ([*rounds[-1][0], message], rounds[-1][1] + count)
        else:
            rounds.append(([message], count))
    return rounds


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
        renumbered.append(Message(message.role, tuple(content)))
    image_sizes = tuple(document.images[index] for index in images)
    video_sizes = tuple(document.videos[index] for index in videos)
    piece = Document(key, document.source, tuple(renumbered), image_sizes, video_sizes)
    return Piece(piece, tuple(images), tuple(videos))
