"""How varied questions are, before templates and after: distinct n-grams, and the entropy of openings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transforms import keyed
from transforms.instruct.reporting.page import diversity
from transforms.instruct.reporting.tally import opening_of
from transforms.instruct.rows import Row
from transforms.instruct.templating.shared_strings import question_of

ORDERS = (1, 2, 3)


@dataclass
class Variety:
    """Of sampled rows: openings of first questions, and how many of the n-grams of all questions differ. Adds up in
    place."""

    openings: Counter[str] = field(default_factory=Counter)
    ngrams: dict[int, set[int]] = field(default_factory=lambda: {order: set() for order in ORDERS})  # 64 bits each
    totals: Counter[int] = field(default_factory=Counter)

    def see(self, row: Row) -> None:
        self.openings[opening_of(row)] += 1
        for message in row.messages:
            words = _words(question_of(message) or "")
            for order in ORDERS:
                grams = [" ".join(words[at : at + order]) for at in range(len(words) - order + 1)]
                self.ngrams[order].update(map(keyed.hash64, grams))
                self.totals[order] += len(grams)

    def __iadd__(self, other: Variety) -> Variety:
        self.openings.update(other.openings)
        self.totals.update(other.totals)
        for order in ORDERS:
            self.ngrams[order] |= other.ngrams[order]
        return self

    def figures(self) -> dict[str, float]:
        """Nothing of no rows."""
        if not self.openings:
            return {}
        found = diversity(self.openings)
        distinct = {f"distinct_{n}": round(len(self.ngrams[n]) / max(self.totals[n], 1), 6) for n in ORDERS}
        openings = {"openings_distinct": found.distinct, "commonest": found.commonest, "entropy_bits": found.entropy}
        return {**distinct, **{name: round(value, 6) for name, value in openings.items()}}


def _words(text: str) -> list[str]:
    """Of a text with other letters than ASCII's, its characters."""
    return text.lower().split() if text.isascii() else [one for one in text if not one.isspace()]


@dataclass
class TemplatesTally:
    """What was written and left, and the variety before and after. Adds up in place."""

    done: Counter[str] = field(default_factory=Counter)
    before: Variety = field(default_factory=Variety)
    after: Variety = field(default_factory=Variety)

    def __iadd__(self, other: TemplatesTally) -> TemplatesTally:
        self.done.update(other.done)
        self.before += other.before
        self.after += other.after
        return self

    def to_dict(self, common: list[Mapping[str, Any]]) -> dict[str, Any]:
        """For JSON."""
        return {
            "texts": dict(sorted(self.done.items())),
            "sampled_rows": self.before.openings.total(),
            "before": self.before.figures(),
            "after": self.after.figures(),
            "common": common,
        }
