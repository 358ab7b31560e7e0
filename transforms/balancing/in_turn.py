"""The passes of balancing one after another in this process, without Beam: up to what decides which rows are chosen.

count ──▶ weights ──▶ weigh ──▶ λ ──▶ draw ──▶ cut
  └─▶ sample ─▶ fit ─▶ expect ─▶ fit … ─┘   where the method is corrected
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from transforms.balancing import passes
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.methods import METHODS, weighting
from transforms.balancing.methods.even import Even, correct_even, fit_even
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.passes import RowReader
from transforms.balancing.sampling import N_BINS, Expectation
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally, ExpectedTally
from transforms.datasets import ShardName

#: Does the work that it is given with a label, and returns what that returns: for who wants to time each.
Timed = Callable[[str, Callable[[], Any]], Any]


class Decision(NamedTuple):
    """What the last pass needs to choose rows."""

    tally: CorpusTally
    weighting: Weighting
    expectation: Expectation
    cut: Cut


def decide(
    reader: RowReader, names: Sequence[ShardName], n_concepts: int, timed: Timed = lambda _, work: work()
) -> Decision:
    """As :class:`transforms.balancing.beam.Balance`; raises EvenweaveError where the rows cannot give what is asked
    for."""
    settings, strata = reader.settings, Strata.of(reader.settings)

    def over_shards(total: Any, function: Callable[..., Any], *inputs: Any) -> Any:
        return add_up(total, (function(name, *inputs) for name in names))

    zero = CorpusTally.zero(n_concepts, METHODS[settings.method].sample_rows(settings))
    tally = timed("count", lambda: over_shards(zero, passes.count, reader, n_concepts))
    strata.check(tally.rows_by_stratum, settings.max_copies)
    weights = _fitted(reader, n_concepts, tally, over_shards, timed)
    sizes = weights.group_sizes(settings)
    empty = np.zeros((len(sizes), N_BINS), dtype=np.int64)
    histogram = timed("weigh", lambda: over_shards(empty, passes.weigh, reader, weights))
    expectation = timed("solve", lambda: Expectation.solve(histogram, sizes, settings.max_copies, weights.bin_values()))
    known = (reader, weights, expectation)
    rank_tally = timed("rank", lambda: over_shards(RankTally.zero(len(sizes)), passes.rank, *known))
    boundary = timed("find the cut", lambda: Boundary.find(rank_tally, expectation))
    second = timed("look again", lambda: over_shards([], passes.collect_missed_candidates, *known, boundary))
    return Decision(tally, weights, expectation, Cut.at(boundary, second))


def _fitted(
    reader: RowReader, n_concepts: int, tally: CorpusTally, over_shards: Callable[..., Any], timed: Timed
) -> Weighting:
    settings = reader.settings
    if not METHODS[settings.method].corrected:
        sample = tally.sample
        fit: Weighting = timed("fit", lambda: weighting(settings, tally.count_before, tally.rows, sample.images()))
        return fit
    n_strata = len(Strata.of(settings))
    empty = PrioritySample.zero(settings.max_sample_rows, n_strata)
    drawn = timed("sample", lambda: over_shards(empty, passes.sample_rare, reader, tally))
    fitted = timed("fit", lambda: fit_even(drawn, settings, tally))
    for _ in range(settings.even.max_corrections):
        so_far, nothing = Even.of(fitted, n_concepts), ExpectedTally.zero(n_concepts, n_strata)
        found = timed("expect", lambda: over_shards(nothing, passes.expect, reader, so_far))  # noqa: B023
        fitted = timed("correct", lambda: correct_even(fitted, found))  # noqa: B023
    return Even.of(fitted, n_concepts)


def add_up(total: Any, parts: Iterable[Any]) -> Any:
    """``total`` with every part added in place."""
    for part in parts:
        total += part
    return total
