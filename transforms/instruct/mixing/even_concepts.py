"""Concepts made even within the shares: what a row of each cell expects, parted among its rows by what they show.

The shares settle how many rows come of each cell. Within that, rows are drawn in proportion to exp(Σ a_k / τ) over
their concepts, as the corpus's ``even`` draws images with each cell a stratum (:mod:`transforms.balancing.even`): its
dual gives a_k, one number a concept for all cells together. Rows whose weights agree within an eighth of a nat become a
cell of their own, so that what follows rounds, evens and draws them as it does any cell. Rows without a concept expect
what any row of their cell does.

Shape legend: N rows, K concepts a row, V concepts, C cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from transforms import keyed
from transforms.balancing.concept_ids import Ids
from transforms.balancing.even.feasible import fit_or_explain
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.measures import normalised_entropy
from transforms.balancing.methods.even import STEPS_PER_NAT, Even
from transforms.balancing.target import Target, target_factors
from transforms.datasets import ShardName
from transforms.instruct.mixing.about import Cell, PartReader, PartRows
from transforms.instruct.mixing.concept_settings import ConceptTarget
from transforms.instruct.mixing.tally import MixTally

Ints = NDArray[np.int64]

#: Weights within half a step count as one: a row is drawn with 0.94 to 1.06 of its probability.
_STEPS = 8
#: The weight of rows without a concept; no sum of logarithms is near it.
BARE = -(1 << 20)
_PURPOSE = "mix concepts"


@dataclass(frozen=True)
class Plan:
    """``each``: copies that a row of each cell expects, whatever it shows; ``size`` of all rows together."""

    each: Mapping[Cell, float]
    size: int

    @property
    def cells(self) -> list[Cell]:
        """Those that give any, sorted."""
        return sorted(cell for cell, copies in self.each.items() if copies > 0)


@dataclass
class Shown:
    """Adds up in place: rows that show each concept; ``inside``, of cells that give any."""

    before: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # (V,)
    inside: Ints = field(default_factory=lambda: np.zeros(0, np.int64))  # (V,)

    def __iadd__(self, other: Shown) -> Shown:
        self.before, self.inside = added(self.before, other.before), added(self.inside, other.inside)
        return self


@dataclass(frozen=True)
class ConceptWeights:
    """(V + 1,) logarithms of what concepts weigh, in steps of the corpus's ``even``; the last is of none."""

    table: Ints

    def of_rows(self, ids: Ids) -> Ints:
        """(N, K) → (N,) in our steps; :data:`BARE` of rows without a concept."""
        total = self.table[ids].sum(axis=1)
        found = np.rint(total * (_STEPS / STEPS_PER_NAT)).astype(np.int64)
        return np.where(ids.max(axis=1, initial=-1) < 0, BARE, found)


def added(one: Ints, other: Ints) -> Ints:
    """Counts of concepts, of which either may end early."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


def counts_of(ids: Ids, copies: Ints | None = None) -> Ints:
    """(N, K) → rows, or ``copies`` of rows, that show each concept."""
    each = None if copies is None else np.repeat(copies, ids.shape[1])
    return np.bincount(ids.ravel() + 1, each)[1:].astype(np.int64)


def count_shown(name: ShardName, reader: PartReader, plan: Plan) -> Shown:
    """The pass that counts concepts."""
    part, ids = _with_concepts(name, reader)
    index = _indices(part, plan)
    return Shown(counts_of(ids[part.cell >= 0]), counts_of(ids[index >= 0]))


def sample_shown(name: ShardName, reader: PartReader, plan: Plan, shown: Shown) -> PrioritySample:
    """The pass that takes the sample which concepts are weighed on."""
    part, ids = _with_concepts(name, reader)
    sample = empty_sample(reader, plan)
    index = _indices(part, plan)
    own = index >= 0
    uniform = keyed.uniform(reader.seed, _PURPOSE, part.sample_ids[own])
    sample.add(uniform, part.sample_ids[own], index[own], ids[own], shown.inside)
    return sample


def empty_sample(reader: PartReader, plan: Plan) -> PrioritySample:
    """One cell more than there are, as strata have it."""
    return PrioritySample.zero(_target(reader).max_sample_rows, len(plan.cells) + 1)


def fit(shown: Shown, reader: PartReader, plan: Plan, sample: PrioritySample) -> ConceptWeights:
    """By the corpus's own solver, with exact sizes of all cells. Rows without any concept are left as they are."""
    target, weighed, n_concepts = _target(reader), sample.sample(shown.inside), len(shown.before)
    copies = [plan.each[cell] * rows for cell, rows in zip(plan.cells, weighed.rows.tolist(), strict=False)]
    sizes = {str(at): int(size) for at, size in enumerate(copies)}
    if not sum(sizes.values()):
        return ConceptWeights(np.zeros(n_concepts + 1, np.int64))
    settings = target.balancing(sizes, reader.settings.max_copies, reader.seed)
    factors = target_factors(target.target, _names(target))[:n_concepts] if target.target else None
    counts = added(shown.inside, np.zeros(n_concepts, np.int64))
    solution = fit_or_explain(Even.request(settings, Target(factors)), counts, weighed)
    return ConceptWeights(Even.of(solution, n_concepts).table)


def weighed(part: PartRows, weights: ConceptWeights | None) -> PartRows:
    """With its cells parted by what the concepts of rows weigh; as it is without weights."""
    if weights is None or part.concepts is None:
        return part
    mixed = np.flatnonzero(part.cell >= 0)
    pairs = np.stack([part.cell[mixed], weights.of_rows(part.concepts[mixed])], axis=1)
    found, inverse = np.unique(pairs, axis=0, return_inverse=True)
    cell = np.full(len(part.cell), -1, np.int64)
    cell[mixed] = inverse.reshape(-1)
    cells = tuple(part.cells[at]._replace(weight=weight) for at, weight in found.tolist())
    return replace(part, cells=cells, cell=cell)


def parted(plan: Plan, tally: MixTally, most: int) -> dict[Cell, float]:
    """Copies that a row of each parted cell expects, at most ``most``; of a cell together what the plan gives it."""
    of_cell: dict[Cell, list[tuple[Cell, int]]] = {}
    for cell, (rows, _) in tally.cells().items():
        of_cell.setdefault(cell._replace(weight=0), []).append((cell, rows))
    found: dict[Cell, float] = {}
    for cell, own in of_cell.items():
        each = plan.each.get(cell, 0.0)
        found.update({one: each for one, _ in own if one.weight == BARE})
        showing = [(one, rows) for one, rows in own if one.weight != BARE]
        logs = np.array([one.weight for one, _ in showing], np.float64) / _STEPS
        counts = np.array([rows for _, rows in showing], np.float64)
        found.update(zip((one for one, _ in showing), _shares(logs, counts, each, most).tolist(), strict=True))
    return found


def _shares(logs: NDArray[np.float64], rows: NDArray[np.float64], each: float, most: float) -> NDArray[np.float64]:
    """min(most, exp(logs − ν)), in the mean of all rows ``each``."""
    if not len(rows) or not 0 < each < most:
        return np.full(len(rows), min(each, most))
    total = each * rows.sum()

    def surplus(shift: float) -> float:
        return float((rows * np.minimum(most, np.exp(np.minimum(logs - shift, 50.0)))).sum() - total)

    low, high = float(logs.min()) - np.log(most) - 1.0, float(logs.max()) - np.log(each) + 1.0
    copies = np.minimum(most, np.exp(np.minimum(logs - brentq(surplus, low, high, xtol=1e-12), 50.0)))
    return np.asarray(copies * min(1.0, total / float((rows * copies).sum())), np.float64)


def evenness(shown: Shown, drawn: Ints) -> dict[str, Any]:
    """For ``mix/shares.json``: concepts that there are, and how even they were and are (Pielou's evenness)."""
    there = shown.before > 0
    after = added(drawn, np.zeros(len(shown.before), np.int64))[: len(there)][there]
    return {
        "concepts": int(there.sum()),
        "concepts_drawn": int((after > 0).sum()),
        "normalised_entropy_before": round(normalised_entropy(shown.before[there]), 6),
        "normalised_entropy_drawn": round(normalised_entropy(after), 6),
    }


def _with_concepts(name: ShardName, reader: PartReader) -> tuple[PartRows, Ids]:
    part = reader.read(name)
    if part.concepts is None:
        raise ValueError("concepts are asked for, and the settings name none")
    return part, part.concepts


def _indices(part: PartRows, plan: Plan) -> Ints:
    """(N,) the place of each row's cell among those that give any, or -1."""
    place = {cell: at for at, cell in enumerate(plan.cells)}
    of_cells = np.array([*(place.get(cell, -1) for cell in part.cells), -1], np.int64)
    return of_cells[part.cell]


def _target(reader: PartReader) -> ConceptTarget:
    if reader.settings.concepts is None:
        raise ValueError("concepts are asked for, and the settings name none")
    return reader.settings.concepts


def _names(target: ConceptTarget) -> list[str]:
    from transforms.annotating.word_lists import read_word_list

    return read_word_list(target.word_list).names
