"""How good the packs are: fill, padding saved, and how even their cost is. Tallies of groups add up.

Shape legend: N documents, P packs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from transforms.packing.plan.planner import Plan

#: A tally in JSON: plain counts, and the bins of histograms.
_PLAIN = TypeAdapter(dict[str, int | dict[int, int]])

#: Bins of a histogram grow by this much, so that a quantile is known to 1 %.
_BIN_RATIO = 1.01


@dataclass(frozen=True)
class Histogram:
    """Counts of non-negative numbers in geometric bins: ``bins[b]`` lie in [1.01^b, 1.01^(b+1)), bin -1 is zero."""

    bins: Mapping[int, int]

    @classmethod
    def of(cls, values: NDArray[Any]) -> Histogram:
        with np.errstate(divide="ignore"):
            bins = np.floor(np.log(values) / math.log(_BIN_RATIO) + 1e-9)
        numbers, counts = np.unique(np.where(values < 1, -1, bins).astype(np.int64), return_counts=True)
        return cls(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))

    def __add__(self, other: Histogram) -> Histogram:
        return Histogram(dict(sorted((Counter(self.bins) + Counter(other.bins)).items())))

    @property
    def count(self) -> int:
        return sum(self.bins.values())

    def quantile(self, share: float) -> float:
        """The middle of the bin in which the value of that rank lies, so right to 1 %; 0 when there are none."""
        rank = share * self.count
        for number, count in sorted(self.bins.items()):
            rank -= count
            if rank <= 0:
                return 0.0 if number < 0 else _BIN_RATIO ** (number + 0.5)
        return 0.0

    def spread(self) -> float:
        """The 99th percentile over the median: how much the slowest of a hundred ranks makes the others wait."""
        median = self.quantile(0.5)
        return self.quantile(0.99) / median if median else math.nan

    def doubling(self) -> dict[str, int]:
        """Counts in ranges that double, for a chart: ``{"0": …, "1-1": …, "2-3": …, "4-7": …}``."""
        counts: Counter[int] = Counter()
        for number, count in self.bins.items():
            least = math.ceil(_BIN_RATIO**number - 1e-9)  # the least whole number that lies in the bin
            counts[-1 if number < 0 else least.bit_length() - 1] += count
        return {"0" if b < 0 else f"{2**b}-{2 ** (b + 1) - 1}": counts[b] for b in sorted(counts)}


@dataclass(frozen=True)
class PackTally:
    """What a group of packs amounts to. Adding is exact, in any order."""

    documents: int  # packed, rejects not counted
    tokens: int
    packs: int
    room_tokens: int  # packs times capacity
    next_fit_packs: int  # what first-come packing would have needed for the same documents
    document_tokens: Histogram
    document_patches: Histogram
    pack_tokens: Histogram
    pack_patches: Histogram
    pack_attention: Histogram  # squared tokens of documents, summed
    pack_documents: Histogram

    @classmethod
    def of(cls, num_tokens: NDArray[Any], num_patches: NDArray[Any], plan: Plan, pack_tokens: int) -> PackTally:
        """(N,) tokens and patches, and the plan for them."""
        packed = plan.pack >= 0
        tokens, patches, pack = num_tokens[packed].astype(np.float64), num_patches[packed], plan.pack[packed]

        def per_pack(values: NDArray[Any] | None) -> Histogram:
            return Histogram.of(np.bincount(pack, values, plan.num_packs))  # float64: exact below 2^53

        return cls(
            documents=len(tokens),
            tokens=int(tokens.sum()),
            packs=plan.num_packs,
            room_tokens=plan.num_packs * pack_tokens,
            next_fit_packs=next_fit(num_tokens[packed], pack_tokens),
            document_tokens=Histogram.of(tokens),
            document_patches=Histogram.of(patches),
            pack_tokens=per_pack(tokens),
            pack_patches=per_pack(patches),
            pack_attention=per_pack(tokens**2),
            pack_documents=per_pack(None),
        )

    @classmethod
    def empty(cls) -> PackTally:
        nothing = np.zeros(0, np.int32)
        return cls.of(nothing, nothing, Plan(nothing, 0), 1)

    @classmethod
    def total(cls, tallies: Iterable[PackTally]) -> PackTally:
        return sum(tallies, cls.empty())

    def __add__(self, other: PackTally) -> PackTally:
        return PackTally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; :meth:`from_dict` gives the equal tally back."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: {str(b): n for b, n in v.bins.items()} if isinstance(v, Histogram) else v
            for name, v in values.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PackTally:
        """Raises ValueError for values that :meth:`to_dict` does not give."""
        plain = _PLAIN.validate_python(dict(values))
        for f in fields(cls):
            if not isinstance(plain.get(f.name), dict if f.type == Histogram.__name__ else int):
                raise ValueError(f"{f.name} of the tally is {plain.get(f.name)!r}")
        found: dict[str, Any] = {name: Histogram(v) if isinstance(v, dict) else v for name, v in plain.items()}
        return cls(**{f.name: found[f.name] for f in fields(cls)})

    def measures(self) -> dict[str, float]:
        """The figures a person asks for; not a number where there are no packs."""
        room_tokens, packs = self.room_tokens or math.nan, self.packs or math.nan
        capacity = room_tokens / packs
        single_padding = self.documents * capacity - self.tokens
        next_padding = self.next_fit_packs * capacity - self.tokens
        padding = self.room_tokens - self.tokens
        return {
            "documents": self.documents,
            "packs": self.packs,
            "fewest_packs": math.ceil(self.tokens / capacity) if self.packs else 0,
            "fill": self.tokens / room_tokens,
            "documents_per_pack": self.documents / packs,
            "fill_one_document_a_row": self.tokens / (self.documents * capacity or math.nan),
            "fill_first_come": self.tokens / (self.next_fit_packs * capacity or math.nan),
            "padding_saved_against_one_document_a_row": 1 - padding / single_padding if single_padding else math.nan,
            "padding_saved_against_first_come": 1 - padding / next_padding if next_padding else math.nan,
            "patches_spread_p99_p50": self.pack_patches.spread(),
            "attention_spread_p99_p50": self.pack_attention.spread(),
        }


def next_fit(num_tokens: NDArray[Any], pack_tokens: int) -> int:
    """Packs that first-come packing needs: documents in their order, a new pack when the next does not fit.

    Raises ValueError for a document longer than a pack.
    """
    if len(num_tokens) and num_tokens.max() > pack_tokens:
        raise ValueError(f"a document of {num_tokens.max()} tokens does not fit a pack of {pack_tokens}")
    ends = np.cumsum(num_tokens, dtype=np.int64)
    packs = done = 0
    filled = 0
    while done < len(ends):
        done = int(ends.searchsorted(filled + pack_tokens, side="right"))
        filled = int(ends[done - 1])
        packs += 1
    return packs
