"""Strings that too many questions of a source share: whole questions, and last lines.

A string with more than a share of a source has more than that share of one of its parts. So the strings that may be
common are found part by part, less than one over the share in each, and only those are counted in all: by the numbers
of all strings, which are kept in between, so that texts are read once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms import keyed
from transforms.conversations.document import Message, Text
from transforms.instruct.rows import Row

_SHOWN_CHARACTERS = 200


class Said(NamedTuple):
    """A question, or the last of several lines of one."""

    text: str
    is_line: bool

    @property
    def number(self) -> int:
        """64 bits that stand for the string."""
        return keyed.hash64("line" if self.is_line else "question", self.text)


def said_in(question: str) -> Iterator[Said]:
    """The whole, and its last line where there are several."""
    whole = question.strip()
    if whole:
        yield Said(whole, False)
        head, _, last = whole.rpartition("\n")
        if head and last.strip():
            yield Said(last.strip(), True)


def question_of(message: Message) -> str | None:
    """What a user says in one text; None for another turn, and for texts between pictures."""
    texts = [part.text for part in message.content if isinstance(part, Text)]
    return texts[0] if message.role == "user" and len(texts) == 1 else None


@dataclass
class CommonTally:
    """``shown``: by source and number, the beginnings of the strings that may be common; ``questions`` by source;
    ``counts`` by source and number. Adds up in place, in any order."""

    shown: dict[tuple[str, int], str] = field(default_factory=dict)
    questions: Counter[str] = field(default_factory=Counter)
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __iadd__(self, other: CommonTally) -> CommonTally:
        self.shown |= other.shown
        self.questions.update(other.questions)
        self.counts.update(other.counts)
        return self

    def common(self, share: float) -> dict[tuple[str, int], float]:
        """Those with more than ``share`` of their source's questions, and what they have."""
        shares = {key: count / self.questions[key[0]] for key, count in self.counts.items()}
        return {key: found for key, found in sorted(shares.items()) if found > share}


#: All that is said in a part's rows: a line each, in which the string is but its number.
SAID = pa.schema([("source", pa.string()), ("number", pa.uint64()), ("is_line", pa.bool_())])


def all_said(rows: Sequence[Row]) -> Iterator[tuple[str, Said]]:
    for row in rows:
        for message in row.messages:
            for said in said_in(question_of(message) or ""):
                yield row.source, said


def numbered(found: Iterable[tuple[str, Said]]) -> pa.Table:
    """Of :data:`SAID`."""
    lines = [(source, said.number, said.is_line) for source, said in found]
    columns = zip(*lines, strict=True) if lines else ((), (), ())
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, SAID.types, strict=True)], schema=SAID)


def candidates(found: Iterable[tuple[str, Said]], share: float) -> CommonTally:
    """Of one part."""
    questions: Counter[str] = Counter()
    counts: Counter[tuple[str, Said]] = Counter()
    for source, said in found:
        questions[source] += not said.is_line
        counts[source, said] += 1
    return CommonTally(
        {
            (source, said.number): said.text[:_SHOWN_CHARACTERS]
            for (source, said), count in counts.items()
            if count > share * questions[source]
        }
    )


def count(said: pa.Table, among: Mapping[tuple[str, int], str]) -> CommonTally:
    """The questions of one part, and those of the strings ``among`` that they are; ``said``: of :data:`SAID`."""
    tally = CommonTally(dict(among))
    asked = pc.value_counts(said["source"].filter(pc.invert(said["is_line"])).combine_chunks())
    tally.questions.update({one["values"]: one["counts"] for one in asked.to_pylist()})
    numbers = pa.array({number for _, number in among}, pa.uint64())
    known = said.filter(pc.is_in(said["number"], value_set=numbers))
    for key in zip(known["source"].to_pylist(), known["number"].to_pylist(), strict=True):
        if key in among:
            tally.counts[key] += 1
    return tally
