"""What was found of a part's rows, written: rejects, and facts of those that stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.grouping import equal_rows
from transforms.instruct.chain.outcome import Fact, Outcome
from transforms.instruct.duplicates.deciding import FindingKind, Findings
from transforms.instruct.duplicates.grouping import group_bytes
from transforms.instruct.duplicates.meetings import rows_within
from transforms.rejects import Reason, Reject

TRANSLATION = "translation"  # how the rows of a pair are related

_REASONS = {
    FindingKind.EXACT: (Reason.EXACT_DUPLICATE, "the same images, question and answer as {other}"),
    FindingKind.NEAR_IMAGE: (
        Reason.NEAR_DUPLICATE,
        "the same question and answer, and pictures that look like those of {other}",
    ),
    FindingKind.NEAR_TEXT: (Reason.NEAR_DUPLICATE, "the same images, and nearly the words of {other}"),
    FindingKind.CONFLICT: (Reason.CONFLICTING_ANSWER, "the same images and question as {other}, and another answer"),
    FindingKind.TOO_MANY: (Reason.CROWDED_IMAGE, "one of {count} rows of the same images"),
}


class NamedFindings(NamedTuple):
    """``findings`` (E,), and the key of the other row of each."""

    findings: Findings
    keys: pa.Array


def name_others(keys: pa.ChunkedArray, parts: Iterable[Findings]) -> Iterator[tuple[int, NamedFindings]]:
    """Findings whose other rows lie in the part of ``keys``, by the number of the part of their subjects."""
    findings = np.concatenate(list(parts))
    for number, members in equal_rows(findings["subject"] >> np.uint64(32)):
        own = findings[members]
        yield number, NamedFindings(own, keys.take(pa.array(rows_within(own["other"]))).combine_chunks())


def outcome(keys: Sequence[str], groups: NDArray[np.uint64], parts: Iterable[NamedFindings]) -> Outcome:
    """``groups``: (N,) the names of the groups of the rows of ``keys``."""
    told = Outcome()
    rejected: set[int] = set()
    conflicts: dict[int, list[str]] = defaultdict(list)
    pairs: dict[int, str] = {}
    for at, kind, count, other in _sorted(parts):
        if kind in _REASONS:
            reason, detail = _REASONS[kind]
            told.rejects.append(Reject(keys[at], reason, detail.format(other=other, count=count)))
            rejected.add(at)
        elif kind == FindingKind.CONTRADICTED:
            conflicts[at].append(other)
        else:
            pairs[at] = other
    for at, key in enumerate(keys):
        if at not in rejected:
            pair = (pairs[at], TRANSLATION) if at in pairs else None
            told.facts.append(Fact(key, group=group_bytes(groups[at]), conflicts=tuple(conflicts[at]), pair=pair))
    return told


def _sorted(parts: Iterable[NamedFindings]) -> list[tuple[int, FindingKind, int, str]]:
    """Row, kind, count and key of the other, in an order of their own."""
    found: list[tuple[int, FindingKind, int, str]] = []
    for findings, keys in parts:
        rows = rows_within(findings["subject"]).tolist()
        kinds, counts = findings["kind"].tolist(), findings["count"].tolist()
        found += zip(rows, map(FindingKind, kinds), counts, keys.to_pylist(), strict=True)
    return sorted(found)
