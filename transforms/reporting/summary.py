"""What a report says, as plain values: gathered once from a run folder, shown by the page and by the terminal.

Shape legend: C concepts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from transforms.agreement.findings import GroupRow
from transforms.browsing.found_images import FoundImage
from transforms.rejects import Counts
from transforms.reporting.certificate_rows import Certificate


@dataclass(frozen=True, eq=False)
class ConceptCounts:
    """Images that hold each concept; every array is (C,) int64."""

    before: NDArray[np.int64]
    random: NDArray[np.int64]
    after: NDArray[np.int64]

    def series(self) -> dict[str, NDArray[np.int64]]:
        """By the names that the charts and tables use, in the order they are shown."""
        return {"before": self.before, "random": self.random, "after": self.after}


@dataclass(frozen=True)
class MeasureRow:
    """One measure of balance for the corpus, a random selection of the same size, and the selection."""

    name: str
    meaning: str
    style: Literal["ratio", "percent", "count"]
    before: float
    random: float
    after: float

    def texts(self) -> tuple[str, str, str]:
        """The three values as a person reads them."""
        formats = {"ratio": "{:.3f}", "percent": "{:.1%}", "count": "{:,.0f}"}
        before, random, after = (
            formats[self.style].format(value).replace("%", " %") for value in (self.before, self.random, self.after)
        )
        return before, random, after


@dataclass(frozen=True)
class ConceptRow:
    """One of the commonest or rarest concepts."""

    id: int
    name: str
    lang: str
    before: int
    random: int
    after: int
    examples: tuple[FoundImage, ...]


@dataclass(frozen=True, eq=False)
class ConceptList:
    """The concepts that the page lists, of ``total`` in the vocabulary; ``counts`` of each, by id."""

    names: Sequence[str]
    langs: Sequence[str]
    counts: ConceptCounts
    total: int

    def columns(self) -> dict[str, Sequence[str] | list[int]]:
        """As the page's script takes them."""
        counts = {name: values.tolist() for name, values in self.counts.series().items()}
        return {"names": self.names, "langs": self.langs, **counts}


@dataclass(frozen=True)
class BreakdownRow:
    """The rows of one source or one language. ``selected`` counts copies."""

    name: str
    licence: str
    annotated: int
    selected: int

    @property
    def kept_share(self) -> float:
        """Share of the annotated rows that was selected; above 1 where copies are allowed."""
        return self.selected / self.annotated if self.annotated else 0.0


@dataclass(frozen=True)
class StageRow:
    """One step of the chain, and what it let through."""

    name: str
    counts: Counts


@dataclass(frozen=True)
class RejectExample:
    """One dropped sample."""

    source: str
    shard: str
    key: str
    detail: str


@dataclass(frozen=True)
class RejectRow:
    """Samples that one stage dropped for one reason."""

    stage: str
    reason: str
    count: int
    examples: tuple[RejectExample, ...]


@dataclass(frozen=True, eq=False)
class RunSummary:
    """A whole run. Nothing here depends on when, where or with how many workers the run was made."""

    fingerprint: str
    code_version: str
    config: Mapping[str, Any]
    method: str
    raw: int
    selected: int
    stages: tuple[StageRow, ...]
    concept_counts: ConceptCounts
    measures: tuple[MeasureRow, ...]
    commonest: tuple[ConceptRow, ...]
    rarest: tuple[ConceptRow, ...]
    absent_concepts: int
    listed: ConceptList
    sources: tuple[BreakdownRow, ...]
    languages: tuple[BreakdownRow, ...]
    rejects: tuple[RejectRow, ...]
    shards: int
    tallied_shards: int
    assigned: tuple[GroupRow, ...] = ()  # by type; none where captions gave no concepts
    certificate: Certificate | None = None  # None: the run was balanced before there were certificates

    def notable_settings(self) -> dict[str, object]:
        """What a reader of the dataset card asks first."""
        names = ("balance.method", "balance.size", "balance.seed", "encoder.model", "encoder.pretrained")
        found = {}
        for name in names:
            section, key = name.split(".")
            value = (self.config.get(section) or {}).get(key)
            if value is not None:
                found[name] = value
        return found
