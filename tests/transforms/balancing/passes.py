"""The passes of balancing one after another in this process, without Beam: for tests, and to time each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from transforms.balancing import passes
from transforms.balancing.baselines import BASELINES, Baselines
from transforms.balancing.certificate import write_certificate
from transforms.balancing.concept_table import write_concepts
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.exchange import Exchange, Offers
from transforms.balancing.methods import METHODS, fit
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.outlook import Outlook
from transforms.balancing.passes import ShardReader
from transforms.balancing.sample_table import write_sample
from transforms.balancing.sampling import N_BINS, Expectation
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally, DrawTally, ExpectedTally, SelectionTally
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
    zero = CorpusTally.zero(n_concepts, method.plain_rows(settings))
    tally = timed("count", lambda: over_shards(zero, passes.count, reader, n_concepts))
    strata.check(tally.rows_by_stratum, settings.max_copies)
    sample = None
    if method.sampling == "rare":
        empty_sample = PrioritySample.zero(method.sample_rows(settings), len(strata))
        drawn = timed("sample", lambda: over_shards(empty_sample, passes.sample_rare, reader, tally))
        sample = drawn.sample(tally.count_inside)
        write_sample(sample, reader.folder, tally.count_inside)
    fitted = timed("fit", lambda: fit(settings, tally, sample))
    for _ in range(method.corrections(settings)):
        so_far, nothing = fitted.weights(), ExpectedTally.zero(n_concepts, len(strata))
        found = timed("expect", lambda: over_shards(nothing, passes.expect, reader, so_far))  # noqa: B023
        fitted = timed("correct", lambda: fitted.corrected(found))  # noqa: B023
    weights = fitted.weights()
    sizes = weights.group_sizes(settings)
    baselines = Baselines.fit(tally, settings)
    empty = np.zeros((len(sizes) + len(BASELINES), N_BINS), dtype=np.int64)
    weighed = timed("weigh", lambda: over_shards(empty, passes.weigh, reader, weights, baselines))
    own, others = weighed[: len(sizes)], baselines.solved(weighed[len(sizes) :], settings)
    expectation = timed("solve", lambda: Expectation.solve(own, sizes, settings.max_copies, weights.bin_values()))
    known = (reader, weights, expectation)
    rank_tally = timed("rank", lambda: over_shards(RankTally.zero(len(sizes)), passes.rank, *known))
    boundary = timed("find the cut", lambda: Boundary.find(rank_tally, expectation))
    second = timed("look again", lambda: over_shards([], passes.collect_missed_candidates, *known, boundary))
    cut = Cut.at(boundary, second)
    nothing_drawn = DrawTally.zero(n_concepts, len(strata))
    drawn_tally = timed("draw", lambda: over_shards(nothing_drawn, passes.draw, *known, cut))
    outlook = Outlook.of(drawn_tally, settings, tally, weights)
    no_offers = Offers.zero(outlook.shortage)
    seek = (no_offers, passes.seek_exchanges, *known, cut, outlook.shortage)
    exchange = Exchange.choose(timed("exchange", lambda: over_shards(*seek)))
    total = SelectionTally.zero(n_concepts, len(BASELINES), outlook.prices)
    choose = (total, passes.select, *known, cut, outlook, exchange, others)
    outcome: SelectionTally = timed("select", lambda: over_shards(*choose))
    write_concepts(outcome, reader.folder, settings, tally, weights)
    write_certificate(outcome, reader.folder, settings, tally, weights, expectation, outlook, exchange)
    return outcome


def _add(total: Any, parts: Iterable[Any]) -> Any:
    for part in parts:
        total += part
    return total
