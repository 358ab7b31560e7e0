"""The passes of balancing one after another in this process, without Beam: up to what decides which rows are chosen.

count ──▶ weights ──▶ weigh ──▶ λ ──▶ rank ──▶ cut ──▶ draw ──▶ exchange
  └─▶ sample ─▶ fit ─▶ expect ─▶ fit … ─┘   where the method is corrected
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from transforms.balancing import passes
from transforms.balancing.baselines import Baselines
from transforms.balancing.cells import Cells
from transforms.balancing.even.response import ResponseTally
from transforms.balancing.even.sample import PrioritySample, WeighedSample
from transforms.balancing.exchange import Exchange, Offers
from transforms.balancing.methods import METHODS, fit
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.outlook import Outlook
from transforms.balancing.passes import RowReader
from transforms.balancing.sampling import N_BINS, Expectation
from transforms.balancing.tally import CorpusTally, DrawTally
from transforms.datasets import ShardName

#: Does the work that it is given with a label, and returns what that returns: for who wants to time each.
Timed = Callable[[str, Callable[[], Any]], Any]


class Decision(NamedTuple):
    """What the last pass needs to choose rows, and what a certificate says of it."""

    tally: CorpusTally
    sample: WeighedSample | None  # that which sees rare concepts whole, where the method was fitted on one
    weighting: Weighting
    baselines: Baselines
    expectation: Expectation
    cut: Cut
    outlook: Outlook
    exchange: Exchange


def decide(
    reader: RowReader, names: Sequence[ShardName], n_concepts: int, timed: Timed = lambda _, work: work()
) -> Decision:
    """As :class:`transforms.balancing.beam.Balance`; raises EvenweaveError where the rows cannot give what is asked
    for."""
    settings, cells = reader.settings, Cells.of(reader.settings)

    def over_shards(total: Any, function: Callable[..., Any], *inputs: Any) -> Any:
        return add_up(total, (function(name, *inputs) for name in names))

    method = METHODS[settings.method]
    zero = CorpusTally.zero(n_concepts, method.plain_rows(settings))
    tally = timed("count", lambda: over_shards(zero, passes.count, reader, n_concepts))
    cells.strata.check(tally.rows_by_stratum, settings.max_copies)
    sample = None
    if method.sampling == "rare":
        empty_sample = PrioritySample.zero(method.sample_rows(settings), len(cells))
        drawn = timed("sample", lambda: over_shards(empty_sample, passes.sample_rare, reader, tally))
        sample = drawn.sample(tally.count_inside)
    weights = _fitted(reader, tally, sample, over_shards, timed)
    sizes, baselines = weights.group_sizes(settings), Baselines.fit(tally, settings)
    empty = np.zeros((len(sizes) + Baselines.rows(settings), N_BINS), dtype=np.int64)
    weighed = timed("weigh", lambda: over_shards(empty, passes.weigh, reader, weights, baselines))
    own, others = weighed[: len(sizes)], baselines.solved(weighed[len(sizes) :], settings)
    expectation = timed("solve", lambda: Expectation.solve(own, sizes, settings.max_copies, weights.bin_values()))
    known = (reader, weights, expectation)
    cut = _cut(known, len(sizes), over_shards, timed)
    nothing_drawn = DrawTally.zero(n_concepts, len(cells))
    drawn_tally = timed("draw", lambda: over_shards(nothing_drawn, passes.draw, *known, cut))
    outlook = Outlook.of(drawn_tally, settings, tally, weights)
    seek = (Offers.zero(outlook.shortage), passes.seek_exchanges, *known, cut, outlook.shortage)
    exchange = Exchange.choose(timed("exchange", lambda: over_shards(*seek)))
    return Decision(tally, sample, weights, others, expectation, cut, outlook, exchange)


def _fitted(
    reader: RowReader,
    tally: CorpusTally,
    sample: WeighedSample | None,
    over_shards: Callable[..., Any],
    timed: Timed,
) -> Weighting:
    settings, n_concepts = reader.settings, len(tally.count_before)
    fitted = timed("fit", lambda: fit(settings, tally, sample, reader.target(n_concepts)))
    for _ in range(METHODS[settings.method].corrections(settings)):
        so_far, nothing = fitted.weights(), ResponseTally(n_concepts, Cells.of(settings).stratum)
        found = timed("expect", lambda: over_shards(nothing, passes.expect, reader, so_far))  # noqa: B023
        fitted = timed("correct", lambda: fitted.corrected(found))  # noqa: B023
    weights: Weighting = fitted.weights()
    return weights


def _cut(
    known: tuple[RowReader, Weighting, Expectation], n_groups: int, over_shards: Callable[..., Any], timed: Timed
) -> Cut:
    rank_tally = timed("rank", lambda: over_shards(RankTally.zero(n_groups), passes.rank, *known))
    boundary = timed("find the cut", lambda: Boundary.find(rank_tally, known[2]))
    second = timed("look again", lambda: over_shards([], passes.collect_missed_candidates, *known, boundary))
    return Cut.at(boundary, second)


def add_up(total: Any, parts: Iterable[Any]) -> Any:
    """``total`` with every part added in place."""
    for part in parts:
        total += part
    return total
