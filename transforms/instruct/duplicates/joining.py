"""Rows that ask other things about the same media, joined into one conversation: each shows them anew otherwise.

Only rows of one part, of one language and under one licence: what they say is then one source's still. The joined row
stands in place of the one that took the others, whose rejects name it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transforms.conversations.document import Message, Text
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.rows import Region, Row
from transforms.rejects import Reason, Reject


@dataclass
class _Conversation:
    rows: list[Row]
    asked: set[str] = field(default_factory=set)


def join(told: Outcome, rows: Sequence[Row], ties: Mapping[str, int], most_rows: int) -> None:
    """Adds the rows that are joined, and the rejects of those that are in them. ``rows`` are those that came in, as the
    stages before left them; ``ties``: a keyed number of each, by key, which is the order of the turns.

    A row that is rejected already, or is a translation of one that stays, is not joined.
    """
    staying = {fact.key for fact in told.facts if fact.pair is None}
    by_media: dict[Hashable, list[Row]] = {}
    for row in rows:
        if row.key in staying and _can_be_joined(row):
            by_media.setdefault(_shown_by(row), []).append(row)
    for same in by_media.values():
        for one in _conversations(sorted(same, key=lambda row: (ties[row.key], row.key)), most_rows):
            if len(one) > 1:
                told.joined.append(joined(one))
                told.rejects += [Reject(row.key, Reason.JOINED, f"its turns stand in {one[0].key}") for row in one[1:]]


def joined(rows: Sequence[Row]) -> Row:
    """The first row with the turns of the others behind its own; their media are shown once."""
    first = rows[0]
    messages, regions, answers = list(first.messages), list(first.regions), list(first.answers)
    for row in rows[1:]:
        behind, leading = len(messages), len(row.media)
        opening = row.messages[0]
        messages += [replace(opening, content=opening.content[leading:]), *row.messages[1:]]
        moved = [_moved(region, behind, leading) for region in row.regions]
        regions += [region for region in moved if region.message >= 0 or region not in regions]
        answers += [replace(answer, message=answer.message + behind) for answer in row.answers]
    return replace(first, messages=tuple(messages), regions=tuple(regions), answers=tuple(answers))


def _moved(region: Region, behind: int, leading: int) -> Region:
    """Its place in the texts, if it has one."""
    if region.message < 0:
        return region
    part = region.part - (leading if region.message == 0 else 0)
    return replace(region, message=region.message + behind, part=part)


def _shown_by(row: Row) -> Hashable:
    contents = tuple(medium.content_hash for medium in row.media)
    return contents, row.language, row.licence_data, row.model_terms


def _can_be_joined(row: Row) -> bool:
    """Whether its turns can stand behind others: all media come first, and nothing holds for the whole row."""
    if not row.media or row.tools or any(medium.content_hash is None for medium in row.media):
        return False
    roles = [message.role for message in row.messages]
    if len(roles) % 2 or roles != ["user", "assistant"] * (len(roles) // 2):
        return False
    parts = row.messages[0].content
    rest = [*parts[len(row.media) :], *(part for message in row.messages[1:] for part in message.content)]
    shown_first = not any(isinstance(part, Text) for part in parts[: len(row.media)])
    return shown_first and all(isinstance(part, Text) for part in rest) and all(map(_said, row.messages[::2]))


def _conversations(rows: Sequence[Row], most_rows: int) -> list[list[Row]]:
    """Rows of the same media in their order, each in the first conversation with room that has not asked the same."""
    found: list[_Conversation] = []
    for row in rows:
        asked = {_said(message) for message in row.messages[::2]}
        fits = (one for one in found if len(one.rows) < most_rows and not asked & one.asked)
        place = next(fits, None)
        if place is None:
            place = _Conversation([])
            found.append(place)
        place.rows.append(row)
        place.asked |= asked
    return [one.rows for one in found]


def _said(message: Message) -> str:
    return "".join(part.text for part in message.content if isinstance(part, Text)).strip().casefold()
