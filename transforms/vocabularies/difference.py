"""What differs between two built vocabularies, concept by concept, by the uids that hold in both."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from transforms.vocabularies.files import BuiltVocabulary


@dataclass(frozen=True)
class Concept:
    """One that is in one of the two only. ``merged_with``: of one that left or came by merging, the other's name."""

    uid: str  # 16 hexadecimal digits
    language: str
    name: str
    source: str
    merged_with: str | None = None


@dataclass(frozen=True)
class Change:
    """One that is in both, and of which something is told otherwise."""

    uid: str
    language: str
    name: str  # in the second
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """Each list is sorted by language and name. ``merged``: concepts of the first that are in another of the second;
    ``split``: those of the second that were in another of the first. Neither is among ``removed`` and ``added``."""

    concepts: tuple[int, int]
    same: int  # in both, and nothing told otherwise
    added: list[Concept]
    removed: list[Concept]
    merged: list[Concept]
    split: list[Concept]
    renamed: list[Change]
    retyped: list[Change]
    remarked: list[Change]

    @property
    def kinds(self) -> dict[str, list[Concept] | list[Change]]:
        return {
            "added": self.added,
            "removed": self.removed,
            "merged": self.merged,
            "split": self.split,
            "renamed": self.renamed,
            "type": self.retyped,
            "marks": self.remarked,
        }

    def as_json(self) -> str:
        """All of it, not examples."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)


def difference(first: BuiltVocabulary, second: BuiltVocabulary) -> Difference:
    """From the first to the second; what they were built of is not compared."""
    before, after = _by_uid(first), _by_uid(second)
    gone = [before[uid] for uid in before.keys() - after.keys()]
    come = [after[uid] for uid in after.keys() - before.keys()]
    removed, merged = _one_sided(gone, second, after)
    added, split = _one_sided(come, first, before)
    both = [(before[uid], after[uid]) for uid in before.keys() & after.keys()]
    renamed = _changes([(*pair, "name") for pair in both])
    retyped = _changes([(*pair, "type") for pair in both])
    remarked = _changes([(*pair, "marks") for pair in both])
    changed = {change.uid for change in (*renamed, *retyped, *remarked)}
    return Difference(
        (len(first), len(second)), len(both) - len(changed), added, removed, merged, split, renamed, retyped, remarked
    )


def _by_uid(vocabulary: BuiltVocabulary) -> dict[int, dict[str, Any]]:
    taken = vocabulary.concepts.select(["uid", "language", "name", "source", "type", "marks"])
    return {row["uid"]: row for row in taken.to_pylist()}


def _one_sided(
    rows: list[dict[str, Any]], other: BuiltVocabulary, concepts: dict[int, dict[str, Any]]
) -> tuple[list[Concept], list[Concept]]:
    """Those that the other vocabulary does not have, and those that stand there within another concept."""
    aliases = dict(zip(other.aliases["alias"].to_pylist(), other.aliases["uid"].to_pylist(), strict=True))
    lacking: list[Concept] = []
    within: list[Concept] = []
    for row in rows:
        into = concepts.get(aliases.get(row["uid"], -1))
        found = Concept(_uid(row), row["language"], row["name"], row["source"], into["name"] if into else None)
        (within if into else lacking).append(found)
    return sorted(lacking, key=_place), sorted(within, key=_place)


def _changes(pairs: list[tuple[dict[str, Any], dict[str, Any], str]]) -> list[Change]:
    return sorted(
        (
            Change(_uid(after), after["language"], after["name"], _told(before[column]), _told(after[column]))
            for before, after, column in pairs
            if before[column] != after[column]
        ),
        key=_place,
    )


def _uid(row: dict[str, Any]) -> str:
    return f"{row['uid']:016x}"


def _told(value: str | list[str] | None) -> str:
    return (", ".join(value) if isinstance(value, list) else value) or "none"


def _place(one: Concept | Change) -> tuple[str, str, str]:
    return one.language, one.name, one.uid
