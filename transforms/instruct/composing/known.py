"""What is known of single pictures: questions that were asked of many, each with a closed answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from transforms.conversations.document import Image, Text
from transforms.instruct.composing.wording import LANGUAGES
from transforms.instruct.question_core import core_of
from transforms.instruct.rows import Row

_MOST_CHARACTERS = 200  # of a question that is quoted in another
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_YES_NO = frozenset(("yes", "no"))


class Ask(NamedTuple):
    """Answers to the same question, in one language and form, may be compared; licence and split stay whole."""

    split: str
    language: str
    licence: str
    form: str
    question: str


class Known(NamedTuple):
    """One picture's answer. ``value`` is its rendering, ``text`` how the row writes it."""

    ask: Ask
    row: Row
    picture: bytes
    value: str
    text: str

    @property
    def number(self) -> Decimal | None:
        return Decimal(self.value) if self.ask.form == "number" else None


def known_of(rows: Iterable[Row]) -> list[Known]:
    """Of rows that show one picture and answer a question about it by a number or by yes or no. A picture of which the
    same question was answered in two ways has no known answer."""
    found = [one for row in rows if (one := _known(row)) is not None]
    values: dict[tuple[Ask, bytes], set[str]] = {}
    for one in found:
        values.setdefault((one.ask, one.picture), set()).add(one.value)
    kept: dict[tuple[Ask, bytes], Known] = {}
    for one in found:
        if len(values[one.ask, one.picture]) == 1:
            kept.setdefault((one.ask, one.picture), one)  # the first of rows that say the same of one picture
    return list(kept.values())


def _known(row: Row) -> Known | None:
    """By its first exchange, before which nothing was said that the question could lead back to."""
    if len(row.media) != 1 or row.media[0].content_hash is None or row.tools or row.language not in LANGUAGES:
        return None
    if [message.role for message in row.messages[:2]] != ["user", "assistant"] or not row.messages[1].train:
        return None
    if any(region.message in (0, 1) for region in row.regions):
        return None
    question, answer = _question(row), next((one for one in row.answers if one.message == 1), None)
    if question is None or answer is None or answer.choices or answer.value is None:
        return None
    is_number = answer.form == "number" and _NUMBER.fullmatch(answer.value) is not None
    if not is_number and not (answer.form == "yes_no" and answer.value in _YES_NO):
        return None
    value = str(Decimal(answer.value).normalize()) if is_number else answer.value
    ask = Ask(row.split or "", row.language or "", row.licence_data or "", answer.form, question)
    text = "".join(part.text for part in row.messages[1].content if isinstance(part, Text)).strip()
    return Known(ask, row, row.media[0].content_hash, value, text)


def _question(row: Row) -> str | None:
    """What is asked of the one picture, in a line and without what it says of the form of the answer."""
    content = row.messages[0].content
    texts = [part.text for part in content if isinstance(part, Text)]
    if len(texts) != 1 or sum(isinstance(part, Image) for part in content) != 1 or len(content) != 2:
        return None
    core = core_of(texts[0]).strip()
    return core if core and "\n" not in core and len(core) <= _MOST_CHARACTERS else None


def pools(known: Sequence[Known]) -> Iterator[tuple[Ask, list[Known]]]:
    """Answers that may be compared, where there are two."""
    by_ask: dict[Ask, list[Known]] = {}
    for one in known:
        by_ask.setdefault(one.ask, []).append(one)
    for ask in sorted(by_ask):
        if len(by_ask[ask]) > 1:
            yield ask, by_ask[ask]
