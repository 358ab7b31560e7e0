"""What the page shows of each drawn item: the text before and after, the row around it, and its pictures, small."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transforms.browsing.thumbnails import preview
from transforms.conversations.document import Message, Text
from transforms.errors import InputError
from transforms.instruct.auditing.drawing import Item, Stratum
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import text_at
from transforms.instruct.chain.part_files import read_rows
from transforms.instruct.medium_bytes import MediumReader
from transforms.instruct.rows import Row

_MOST_PICTURES = 6  # of a row


class Turn(NamedTuple):
    role: str
    text: str
    is_new: bool


@dataclass(frozen=True)
class Shown:
    """``pictures``: data URIs, None for one that cannot be read. ``before`` is None of a row that was made."""

    item: Item
    before: str | None
    after: str
    turns: Sequence[Turn]
    pictures: Sequence[str | None]
    more_pictures: int


def show_items(folder: InstructFolder, items: Sequence[Item]) -> list[Shown]:
    """In the order of strata, and in each of keyed numbers: of neighbours one does not follow from the other."""
    found: list[Shown] = []
    with MediumReader() as reader:
        in_parts = sorted(items, key=lambda item: (item.name, item.stratum.stage))
        for (name, stage), some in itertools.groupby(in_parts, key=lambda item: (item.name, item.stratum.stage)):
            together = list(some)
            wanted = {item.key for item in together}
            before = {row.key: row for row in read_rows(folder, name, stage) if row.key in wanted}
            following = folder.chain[folder.chain.index(stage) + 1]
            after = {row.key: row for row in read_rows(folder, name, following) if row.key in wanted}
            found += [_shown(item, before.get(item.key), after[item.key], reader) for item in together]
    return sorted(found, key=lambda one: (one.item.stratum, one.item.place))


def _shown(item: Item, before: Row | None, after: Row, reader: MediumReader) -> Shown:
    turns = [Turn(message.role, _said(message), place == item.message) for place, message in enumerate(after.messages)]
    pictures = list(_pictures(after, reader))
    more = len(after.media) - len(pictures)
    if item.is_row or before is None:
        return Shown(item, None, "", turns, pictures, more)
    texts = [text_at(row, item.message, item.part) for row in (before, after)]
    return Shown(item, texts[0], texts[1], turns, pictures, more)


def _pictures(row: Row, reader: MediumReader) -> Iterator[str | None]:
    for medium in row.media[:_MOST_PICTURES]:
        try:
            yield preview(reader.read(medium)) if medium.kind == "image" else None
        except InputError:
            yield None


def _said(message: Message) -> str:
    parts = [
        part.text if isinstance(part, Text) else f"<{type(part).__name__.lower()} {part.index + 1}>"
        for part in message.content
    ]
    return "".join(parts)


def strata_of(shown: Sequence[Shown]) -> Iterator[tuple[Stratum, list[Shown]]]:
    for stratum, some in itertools.groupby(shown, key=lambda one: one.item.stratum):
        yield stratum, list(some)
