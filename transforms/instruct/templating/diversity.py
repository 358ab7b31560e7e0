"""How varied questions are, before templates and after: distinct n-grams, and the entropy of openings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.batching import batched
from transforms.instruct.decontaminating.wording import hashed, ngrams
from transforms.instruct.reporting.page import diversity
from transforms.instruct.reporting.tally import opening_of
from transforms.instruct.rows import Row
from transforms.instruct.templating.shared_strings import question_of

ORDERS = (1, 2, 3)
_ROWS_AT_ONCE = 1_000  # whose words are held by themselves
_NONE = np.empty(0, np.uint64)


@dataclass
class Variety:
    """Of sampled rows: openings of first questions, and the n-grams of all questions, how many there are and the
    distinct ones as sorted hashes of 64 bits. Adds up in place."""

    openings: Counter[str] = field(default_factory=Counter)
    ngrams: dict[int, NDArray[np.uint64]] = field(default_factory=lambda: dict.fromkeys(ORDERS, _NONE))
    totals: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Variety:
        some = [_hashes(part) for part in batched(rows, _ROWS_AT_ONCE)]
        found = {order: np.concatenate([_NONE, *(one[order] for one in some)]) for order in ORDERS}
        return cls(
            Counter(map(opening_of, rows)),
            {order: distinct(hashes) for order, hashes in found.items()},
            Counter({order: len(hashes) for order, hashes in found.items()}),
        )

    def __iadd__(self, other: Variety) -> Variety:
        self.openings.update(other.openings)
        self.totals.update(other.totals)
        self.ngrams = {order: distinct(np.concatenate([self.ngrams[order], other.ngrams[order]])) for order in ORDERS}
        return self

    def figures(self) -> dict[str, float]:
        """Nothing of no rows."""
        if not self.openings:
            return {}
        found = diversity(self.openings)
        ratios = {f"distinct_{n}": round(len(self.ngrams[n]) / max(self.totals[n], 1), 6) for n in ORDERS}
        openings = {"openings_distinct": found.distinct, "commonest": found.commonest, "entropy_bits": found.entropy}
        return {**ratios, **{name: round(value, 6) for name, value in openings.items()}}


def _hashes(rows: Sequence[Row]) -> dict[int, NDArray[np.uint64]]:
    """All n-grams of each order."""
    tokens = hashed([_words(question_of(message) or "") for row in rows for message in row.messages])
    return {order: ngrams(tokens, order)[0] for order in ORDERS}


def distinct(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each once, sorted. What is sorted in runs, as two such arrays one behind the other, takes one pass."""
    found = np.sort(hashes, kind="stable")
    return np.asarray(found[np.diff(found, prepend=found[:1] ^ np.uint64(1)) != 0], np.uint64)


def _words(text: str) -> list[str]:
    """Of a text with other letters than ASCII's, its characters."""
    return text.lower().split() if text.isascii() else [one for one in text if not one.isspace()]


@dataclass
class TemplatesTally:
    """What was written and left, and the variety of sampled rows: of those that stay as they are, and of the others
    before and after, so that nothing is counted twice. Adds up in place."""

    done: Counter[str] = field(default_factory=Counter)
    kept: Variety = field(default_factory=Variety)
    was: Variety = field(default_factory=Variety)
    written: Variety = field(default_factory=Variety)

    def __iadd__(self, other: TemplatesTally) -> TemplatesTally:
        self.done.update(other.done)
        self.kept += other.kept
        self.was += other.was
        self.written += other.written
        return self

    def to_dict(self, common: list[Mapping[str, Any]]) -> dict[str, Any]:
        """For JSON."""
        before, after = (sum_of(self.kept, other) for other in (self.was, self.written))
        return {
            "texts": dict(sorted(self.done.items())),
            "sampled_rows": before.openings.total(),
            "before": before.figures(),
            "after": after.figures(),
            "common": common,
        }


def sum_of(*varieties: Variety) -> Variety:
    total = Variety()
    for one in varieties:
        total += one
    return total
