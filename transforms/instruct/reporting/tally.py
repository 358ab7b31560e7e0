"""What one part brings to the report; tallies of parts add up to that of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from transforms import keyed
from transforms.arrow_values import plain_rows
from transforms.conversations.document import Text
from transforms.datasets import ShardName, read_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import text_at
from transforms.instruct.chain.part_files import read_rows, remaining
from transforms.instruct.rows import Row
from transforms.stages import EDITS, MIX, STANDARDISE
from transforms.storage import StoragePath

UNKNOWN = "unknown"
#: Along what rows are counted; each row or answer is in one cell of each.
AXES = ("source", "category", "language", "split", "answers", "media", "form", "length", "licence")
_OPENING_WORDS = 3
_MOST_EXAMPLES = 12  # of each stage
_SHOWN_CHARACTERS = 400


class Example(NamedTuple):
    """A text before and after a stage wrote over it, or the detail of a reject; ``place`` orders them."""

    place: int
    stage: str
    kind: str  # the origin of an edit, or the reason of a reject
    key: str
    before: str
    after: str


@dataclass
class Tally:
    """``clean`` are rows that reached the mixture's draw, ``mixed`` those drawn, a copy each; both by axis and value.

    ``openings`` are the first words of the first question, of as many rows as were asked for.
    """

    standardised: Counter[str] = field(default_factory=Counter)  # rows of each source
    clean: Counter[tuple[str, str]] = field(default_factory=Counter)
    mixed: Counter[tuple[str, str]] = field(default_factory=Counter)
    openings_clean: Counter[str] = field(default_factory=Counter)
    openings_mixed: Counter[str] = field(default_factory=Counter)
    edited: Counter[tuple[str, str]] = field(default_factory=Counter)  # texts by stage and origin
    found: Counter[tuple[str, str]] = field(default_factory=Counter)  # what safety found, and what was done
    conflicts: int = 0
    examples: list[Example] = field(default_factory=list)

    def __iadd__(self, other: Tally) -> Tally:
        """In place: the openings of all rows are too many to be copied for each part."""
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        self.conflicts += other.conflicts
        self.examples = _fewest([*self.examples, *other.examples])
        return self

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = {name: sorted((list(_parts(k)), n) for k, n in getattr(self, name).items()) for name in _COUNTERS}
        return {**values, "conflicts": self.conflicts, "examples": [list(one) for one in self.examples]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Tally:
        """What :meth:`to_dict` gave."""
        counters = {name: Counter({_key(key): count for key, count in values[name]}) for name in _COUNTERS}
        examples = [Example(*one) for one in values["examples"]]
        return cls(**counters, conflicts=values["conflicts"], examples=examples)


_COUNTERS = ("standardised", "clean", "mixed", "openings_clean", "openings_mixed", "edited", "found")


def _parts(key: str | tuple[str, ...]) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else key


def _key(parts: Sequence[str]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)


def tally_part(folder: InstructFolder, name: ShardName, opening_share: float) -> Tally:
    """``opening_share``: of the rows, those whose openings are counted."""
    tally = Tally()
    table = remaining(folder, name, folder.chain[1], ["source"])
    tally.standardised.update(table["source"].to_pylist())
    selection = read_table(folder.selection(*name), folder.fingerprints[MIX.name], ["key", "copies"])
    copies = dict(zip(selection["key"].to_pylist(), selection["copies"].to_pylist(), strict=True))
    for row in read_rows(folder, name, MIX.name):
        drawn = copies.get(row.key, 0)
        for cell in cells(row):
            tally.clean[cell] += 1
            if drawn:
                tally.mixed[cell] += drawn
        if _place("openings", row.key) < opening_share * 2**64:
            opening = opening_of(row)
            tally.openings_clean[opening] += 1
            if drawn:
                tally.openings_mixed[opening] += drawn
    _add_edits(folder, name, tally)
    _add_facts(folder, name, tally)
    _add_rejects(folder, name, tally)
    tally.examples = _fewest(tally.examples)
    return tally


def cells(row: Row) -> Iterable[tuple[str, str]]:
    """The row's value along each axis; its answers' forms and lengths each."""
    learnt = [one for one in row.messages if one.role == "assistant" and one.train]
    yield "source", row.source
    yield "category", row.category or UNKNOWN
    yield "language", row.language or UNKNOWN
    yield "split", row.split or UNKNOWN
    yield "answers", str(len(learnt))
    yield "media", _media(row)
    yield "licence", row.licence_data or UNKNOWN
    for answer in row.answers:
        yield "form", answer.form
    for message in learnt:
        yield "length", _length(sum(len(part.text) for part in message.content if isinstance(part, Text)))


def _media(row: Row) -> str:
    kinds = Counter(one.kind for one in row.media)
    return ", ".join(f"{count} {kind}" + "s" * (count > 1) for kind, count in sorted(kinds.items())) or "text only"


def _length(characters: int) -> str:
    """Bins that grow tenfold, as their upper end."""
    return next((f"≤ {end:,}" for end in (10, 100, 1_000, 10_000) if characters <= end), "> 10,000")


def opening_of(row: Row) -> str:
    """The first words of its first question."""
    for message in row.messages:
        if message.role == "user":
            text = " ".join(part.text for part in message.content if isinstance(part, Text)).strip().lower()
            words = text.split()
            return " ".join(words[:_OPENING_WORDS]) if text.isascii() else text[: 2 * _OPENING_WORDS]
    return ""


def _place(purpose: str, key: str) -> int:
    return keyed.hash64(purpose, key)


def _add_edits(folder: InstructFolder, name: ShardName, tally: Tally) -> None:
    for stage in folder.before(MIX.name)[1:]:
        path = folder.edits(stage, *name)
        if not path.is_file():
            continue
        table = read_table(path, folder.fingerprints[stage], ["key", "message", "part", "text", "origin"])
        edits = plain_rows(table)
        tally.edited.update((stage, one["origin"]) for one in edits)
        # what was masked is shown nowhere, and thoughts and tools have no part
        fit = [one for one in edits if one["origin"] != "masked" and one["part"] >= 0]
        shown = sorted(fit, key=lambda one: _place(EDITS, one["key"]))[:_MOST_EXAMPLES]
        keys = pa.array(sorted({one["key"] for one in shown}), pa.string())
        before = {row.key: row for row in read_rows(folder, name, stage, only=keys)} if keys else {}
        for one in shown:
            if one["key"] in before:
                text = text_at(before[one["key"]], one["message"], one["part"])
                tally.examples.append(_example(EDITS, stage, one["origin"], one["key"], text, one["text"]))


def _add_facts(folder: InstructFolder, name: ShardName, tally: Tally) -> None:
    for stage in folder.before(MIX.name)[1:]:
        path = folder.facts(stage, *name)
        table = read_table(path, folder.fingerprints[stage], ["safety", "conflicts"])
        tally.conflicts += len(table) - table["conflicts"].null_count
        for found in table["safety"].drop_null().to_pylist():
            tally.found.update((one["kind"], one["action"]) for one in found)


def _add_rejects(folder: InstructFolder, name: ShardName, tally: Tally) -> None:
    for stage in (STANDARDISE.name, *folder.before(MIX.name)[1:]):
        path: StoragePath = folder.rejects(stage, *name)
        if not path.is_file():
            continue
        table = read_table(path, folder.fingerprints[stage], ["key", "reason", "detail"])
        for one in sorted(plain_rows(table), key=lambda one: _place("rejects", one["key"]))[:_MOST_EXAMPLES]:
            tally.examples.append(_example("rejects", stage, one["reason"], one["key"], one["detail"], ""))


def _example(purpose: str, stage: str, kind: str, key: str, before: str, after: str) -> Example:
    return Example(_place(purpose, key), stage, kind, key, before[:_SHOWN_CHARACTERS], after[:_SHOWN_CHARACTERS])


def _fewest(examples: Iterable[Example]) -> list[Example]:
    """The first few of each stage, and of those that show a new text."""
    kept: Counter[tuple[str, bool]] = Counter()
    found = []
    for one in sorted(examples):
        kept[one.stage, bool(one.after)] += 1
        if kept[one.stage, bool(one.after)] <= _MOST_EXAMPLES:
            found.append(one)
    return found
