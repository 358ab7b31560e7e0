"""The passes of balancing one after another in this process, without Beam: for tests, and to time each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from transforms.balancing import passes
from transforms.balancing.concepts import write_concepts
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.methods import METHODS, weighting
from transforms.balancing.methods.even import Even, correct_even, fit_even
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.passes import ShardReader
from transforms.balancing.sampling import N_BINS, Expectation
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally, ExpectedTally, SelectionTally
from transforms.datasets import ShardName

Timed = Callable[[str, Callable[[], Any]], Any]


def run_passes(
    reader: ShardReader, names: list[ShardName], n_concepts: int, timed: Timed = lambda _, work: work()
) -> SelectionTally:
    """As ``transforms.balancing.beam.Balance``; ``timed(label, work)`` must return ``work()``."""
    settings, strata = reader.settings, Strata.of(reader.settings)

    def over_shards(total: Any, function: Callable[..., Any], *inputs: Any) -> Any:
        return _add(total, (function(name, *inputs) for name in names))

    method = METHODS[settings.method]
    zero = CorpusTally.zero(n_concepts, method.sample_rows(settings))
    tally = timed("count", lambda: over_shards(zero, passes.count, reader, n_concepts))
    strata.check(tally.rows_by_stratum, settings.max_copies)
    weights: Weighting
    if method.corrected:
        empty_sample = PrioritySample.zero(settings.max_sample_rows, len(strata))
        sample = timed("sample", lambda: over_shards(empty_sample, passes.sample_rare, reader, tally))
        fitted = timed("fit", lambda: fit_even(sample, settings, tally))
        for _ in range(settings.even.max_corrections):
            so_far, nothing = Even.of(fitted, n_concepts), ExpectedTally.zero(n_concepts, len(strata))
            found = timed("expect", lambda: over_shards(nothing, passes.expect, reader, so_far))  # noqa: B023
            fitted = timed("correct", lambda: correct_even(fitted, found))  # noqa: B023
        weights = Even.of(fitted, n_concepts)
    else:
        weights = timed("fit", lambda: weighting(settings, tally.count_before, tally.rows, tally.sample.images()))
    sizes = weights.group_sizes(settings)
    empty = np.zeros((len(sizes), N_BINS), dtype=np.int64)
    histogram = timed("weigh", lambda: over_shards(empty, passes.weigh, reader, weights))
    expectation = timed("solve", lambda: Expectation.solve(histogram, sizes, settings.max_copies, weights.bin_values()))
    known = (reader, weights, expectation)
    rank_tally = timed("rank", lambda: over_shards(RankTally.zero(len(sizes)), passes.rank, *known))
    boundary = timed("find the cut", lambda: Boundary.find(rank_tally, expectation))
    second = timed("look again", lambda: over_shards([], passes.collect_missed_candidates, *known, boundary))
    cut = Cut.at(boundary, second)
    outcome: SelectionTally = timed(
        "select", lambda: over_shards(SelectionTally.zero(n_concepts), passes.select, *known, cut)
    )
    write_concepts(outcome, reader.folder, settings, tally, weights)
    return outcome


def _add(total: Any, parts: Iterable[Any]) -> Any:
    for part in parts:
        total += part
    return total
