"""Which rows go: of those that say the same, of those that contradict one another, of too many about one image.

Round by round, each on the rows that the one before let go on, brought together by what the round looks at. In each the
order of rows is their own: the preferred source, then the longest, then a keyed number.

Shape legend: N rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.deduplicating.matching import split
from transforms.instruct.duplicates.components import Joined
from transforms.instruct.duplicates.described import Rows
from transforms.instruct.duplicates.meetings import cluster_names
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.keyed import mix64

#: ``cluster``: rows that say the same; ``shown``: that show the same pictures, ``contents``: the same bytes.
JUDGED = np.dtype(
    [
        (name, "<u8")
        for name in ("location", "tie", "cluster", "shown", "contents", "text", "asked", "answer", "skeleton")
    ]
    + [("rank", "<u4"), ("length", "<u4"), ("media", "<u2"), ("evidence", "u1"), ("closed", "u1"), ("han", "u1")]
)
#: What comes of row ``subject``, and by which other.
FINDING = np.dtype([("subject", "<u8"), ("other", "<u8"), ("kind", "u1"), ("count", "<u4")])
Judged = NDArray[np.void]
Findings = NDArray[np.void]

_MOST_TOLD = 8  # rows that one kept row is said to contradict


class FindingKind(IntEnum):
    """The first five reject the subject; the others are told of a row that stays."""

    EXACT = 0
    NEAR_IMAGE = 1
    NEAR_TEXT = 2
    CONFLICT = 3
    TOO_MANY = 4
    CONTRADICTED = 5
    PAIR = 6


class Round(NamedTuple):
    """``by``: (N,) number that brings rows together; ``judge``: rows together → those that go on, and findings."""

    name: str
    by: Callable[[Judged], NDArray[np.uint64]]
    judge: Callable[[Judged], tuple[Judged, Findings]]

    def split(self, rows: Judged, partitions: int) -> Iterator[tuple[int, Judged]]:
        return split(self.by(rows), rows, partitions)


def rounds(settings: DuplicatesSettings) -> list[Round]:
    """Those that the settings ask for, in their order."""

    def conflicting(rows: Judged) -> tuple[Judged, Findings]:
        return settle_conflicts(rows, settings.conflicts)

    def crowded(rows: Judged) -> tuple[Judged, Findings]:
        return thin_out(rows, settings.max_rows_per_image or 0)

    def paired(rows: Judged) -> tuple[Judged, Findings]:
        return rows, find_pairs(rows, settings.min_pair_evidence)

    found = [Round("same", lambda rows: rows["cluster"], keep_one), Round("conflicts", _asked, conflicting)]
    if settings.max_rows_per_image is not None:
        found.append(Round("crowds", lambda rows: rows["shown"], crowded))
    if settings.pairs:
        found.append(Round("pairs", _untranslated, paired))
    return found


def to_judge(rows: Rows, contents: NDArray[np.uint64], shown: NDArray[np.uint64], clusters: Joined) -> Judged:
    """``contents``, ``shown``: (N,) what the media of each are, byte for byte and as pictures."""
    judged = np.empty(len(rows), JUDGED)
    for name in set(JUDGED.names or ()) & set(rows.dtype.names or ()):
        judged[name] = rows[name]
    judged["shown"], judged["contents"] = shown, contents
    judged["cluster"] = clusters.of(cluster_names(rows, shown))
    return judged


def keep_one(rows: Judged) -> tuple[Judged, Findings]:
    """Of each cluster one."""
    ordered, begins = _ordered(rows, rows["cluster"])
    keeper = ordered[_first_of_each(begins)]
    going = ~begins
    same_text = np.where(ordered["text"] == keeper["text"], FindingKind.EXACT, FindingKind.NEAR_TEXT)
    kinds = np.where(ordered["contents"] == keeper["contents"], same_text, FindingKind.NEAR_IMAGE)
    return ordered[begins], _findings(ordered["location"][going], keeper["location"][going], kinds[going])


def settle_conflicts(rows: Judged, how: str) -> tuple[Judged, Findings]:
    """Of rows with closed answers that ask the same of the same media, those that answer otherwise."""
    closed = rows["closed"] > 0
    if not closed.any():
        return rows, np.empty(0, FINDING)
    ordered, begins = _ordered(rows[closed], _asked(rows[closed]))
    at = _first_of_each(begins)
    best = ordered[at]
    against = ordered["answer"] != best["answer"]
    has_conflict = np.zeros(len(ordered), bool)
    has_conflict[at[against]] = True
    has_conflict = has_conflict[at]
    told = _told(ordered, best, against)
    if how == "keep":
        return rows, told
    gone = against if how == "keep_preferred" else has_conflict
    other = best["location"].copy()
    if how == "drop_both":
        told = told[:0]
        own = gone & ~against  # is named one of those that contradict it
        last = np.zeros(len(ordered), np.int64)
        np.maximum.at(last, at[against], np.flatnonzero(against))
        other[own] = ordered["location"][last[at[own]]]
    found = _findings(ordered["location"][gone], other[gone], np.full(int(gone.sum()), FindingKind.CONFLICT))
    return np.concatenate([rows[~closed], ordered[~gone]]), np.concatenate([found, told])


def thin_out(rows: Judged, most: int) -> tuple[Judged, Findings]:
    """Of rows that show the same media a keyed choice."""
    pictured = rows[rows["media"] > 0]
    order = np.lexsort((~pictured["tie"], pictured["shown"]))
    ordered = pictured[order]
    begins = np.ones(len(ordered), bool)
    begins[1:] = ordered["shown"][1:] != ordered["shown"][:-1]
    first = _first_of_each(begins)
    gone = np.arange(len(ordered)) - first >= most
    sizes = np.bincount(first, minlength=len(ordered))[first]
    location = ordered["location"][gone]
    found = _findings(location, location, np.full(len(location), FindingKind.TOO_MANY))
    found["count"] = sizes[gone]
    return np.concatenate([rows[rows["media"] == 0], ordered[~gone]]), found


def find_pairs(rows: Judged, min_evidence: int) -> Findings:
    """Rows in Chinese and in another language that show the same media, and whose answers agree in all that a
    translation leaves as it is. Where several would do, nobody knows which."""
    telling = rows[rows["evidence"] >= min_evidence]
    order = np.lexsort((telling["han"], _untranslated(telling)))
    telling = telling[order]
    values = _untranslated(telling)
    begins = np.ones(len(telling), bool)
    begins[1:] = values[1:] != values[:-1]
    starts = np.flatnonzero(begins)
    sizes = np.diff(np.append(starts, len(telling)))
    two = starts[sizes == 2]
    two = two[telling["han"][two] != telling["han"][two + 1]]
    one, other = telling["location"][two], telling["location"][two + 1]
    kinds = np.full(2 * len(two), FindingKind.PAIR)
    return _findings(np.concatenate([one, other]), np.concatenate([other, one]), kinds)


def _asked(rows: Judged) -> NDArray[np.uint64]:
    return mix64(rows["asked"] ^ mix64(rows["shown"], 0, "shown"), 0, "asked")


def _untranslated(rows: Judged) -> NDArray[np.uint64]:
    return mix64(rows["skeleton"] ^ mix64(rows["shown"], 0, "shown"), 0, "skeleton")


def _ordered(rows: Judged, values: NDArray[np.uint64]) -> tuple[Judged, NDArray[np.bool_]]:
    """Rows by value, the one to keep first, and where a value begins."""
    order = np.lexsort((rows["location"], ~rows["tie"], ~rows["length"], rows["rank"], values))
    begins = np.ones(len(rows), bool)
    begins[1:] = values[order][1:] != values[order][:-1]
    return rows[order], begins


def _first_of_each(begins: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(N,) the place of the first row of the same value."""
    return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))


def _told(ordered: Judged, best: Judged, against: NDArray[np.bool_]) -> Findings:
    """Of each best row, some that contradict it."""
    told = _findings(
        best["location"][against], ordered["location"][against], np.full(int(against.sum()), FindingKind.CONTRADICTED)
    )
    told = told[np.lexsort((told["other"], told["subject"]))]
    begins = np.ones(len(told), bool)
    begins[1:] = told["subject"][1:] != told["subject"][:-1]
    return told[np.arange(len(told)) - _first_of_each(begins) < _MOST_TOLD]


def _findings(subject: NDArray[np.uint64], other: NDArray[np.uint64], kinds: NDArray[np.int64]) -> Findings:
    found = np.zeros(len(subject), FINDING)
    found["subject"], found["other"], found["kind"] = subject, other, kinds
    return found
