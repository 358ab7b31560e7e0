"""The passes of balancing one after another in this process, without Beam: for tests, and to time each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from transforms.balancing import passes
from transforms.balancing.concepts import write_concepts
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.passes import ShardReader
from transforms.balancing.sampling import N_BINS, Expectation
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally, SelectionTally
from transforms.balancing.weights import weighting
from transforms.datasets import ShardName

Timed = Callable[[str, Callable[[], Any]], Any]


def run_passes(
    reader: ShardReader, names: list[ShardName], n_concepts: int, timed: Timed = lambda _, work: work()
) -> SelectionTally:
    """As ``transforms.balancing.beam.Balance``; ``timed(label, work)`` must return ``work()``."""
    settings, strata = reader.settings, Strata.of(reader.settings)

    def over_shards(total: Any, function: Callable[..., Any], *inputs: Any) -> Any:
        return _add(total, (function(name, *inputs) for name in names))

    zero = CorpusTally.zero(n_concepts, settings.sample_rows)
    tally = timed("count", lambda: over_shards(zero, passes.count, reader, n_concepts))
    strata.check(tally.rows_by_stratum, settings.max_copies)
    weights = timed("fit", lambda: weighting(settings, tally.count_before, tally.rows, tally.sample.images()))
    empty = np.zeros((len(strata), N_BINS), dtype=np.int64)
    histogram = timed("weigh", lambda: over_shards(empty, passes.weigh, reader, weights))
    expectation = timed("solve", lambda: Expectation.solve(histogram, strata.sizes, settings.max_copies))
    known = (reader, weights, expectation)
    rank_tally = timed("rank", lambda: over_shards(RankTally.zero(len(strata)), passes.rank, *known))
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
