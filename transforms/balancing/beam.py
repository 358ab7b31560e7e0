"""Balancing as one Beam transform: passes over the shards, each reduced to arrays of fixed size, no shuffle.

    count ──▶ weights ──▶ weigh ──▶ λ ──▶ rank ──▶ cut ──▶ draw ──▶ exchange ──▶ select
      └─▶ sample ─▶ fit ─▶ expect ─▶ fit … ─┘   where the method is corrected

A pass maps every shard and adds the results up; what follows from the sum is a side input of the next pass.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import AsSingleton

from transforms.balancing import passes
from transforms.balancing.baselines import BASELINES, Baselines
from transforms.balancing.certificate import write_certificate
from transforms.balancing.concept_table import write_concepts
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.exchange import Exchange
from transforms.balancing.methods import METHODS, fit
from transforms.balancing.methods.weighting import Fitted, Weighting
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.outlook import Outlook
from transforms.balancing.passes import ShardReader
from transforms.balancing.sampling import N_BINS, Expectation, Ints
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally, DrawTally, ExpectedTally
from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.run_folder import RunFolder
from transforms.stages import BALANCE


class SumInPlace(beam.CombineFn):  # type: ignore[misc]
    """Adds elements in place into a fresh ``zero()``: anything whose ``+=`` is exact and free of order."""

    def __init__(self, zero: Callable[[], Any]) -> None:
        """``zero`` may give None, where only an element knows its own shape: sums then begin at a copy of the first."""
        self._zero = zero

    def create_accumulator(self) -> Any:
        return self._zero()

    def add_input(self, accumulator: Any, element: Any) -> Any:
        if accumulator is None:
            return copy.deepcopy(element)
        accumulator += element
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        total = self._zero()
        for accumulator in accumulators:
            if accumulator is not None:
                total = self.add_input(total, accumulator)
        return total

    def extract_output(self, accumulator: Any) -> Any:
        return accumulator


def _check(tally: CorpusTally, settings: BalanceSettings) -> CorpusTally:
    """As it is; raises EvenweaveError where it cannot give what is asked for."""
    Strata.of(settings).check(tally.rows_by_stratum, settings.max_copies)
    return tally


def _fit_sample(tally: CorpusTally, settings: BalanceSettings, sample: PrioritySample) -> Fitted:
    return fit(settings, tally, sample.sample(tally.count_inside))


def _expectation(weighed: Ints, settings: BalanceSettings, weights: Weighting) -> Expectation:
    sizes = weights.group_sizes(settings)
    return Expectation.solve(weighed[: len(sizes)], sizes, settings.max_copies, weights.bin_values())


def _solve_baselines(weighed: Ints, settings: BalanceSettings, baselines: Baselines) -> Baselines:
    return baselines.solved(weighed[-len(BASELINES) :], settings)


def _nothing() -> None:
    return None


def _zero_histogram(n_groups: int) -> Ints:
    return np.zeros((n_groups, N_BINS), dtype=np.int64)


class Balance(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → selections and concepts.parquet, and the stage's counts left for the driver."""

    def __init__(self, folder: RunFolder, settings: BalanceSettings, n_concepts: int) -> None:
        super().__init__()
        self._folder, self._settings, self._n_concepts = folder, settings, n_concepts

    def expand(self, names: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        folder, settings, n_concepts = self._folder, self._settings, self._n_concepts
        reader, strata = ShardReader(folder, settings), Strata.of(settings)

        def over_shards(label: str, function: Callable[..., Any], zero: Callable[[], Any], *inputs: Any) -> Any:
            return (
                names | label >> beam.Map(function, *inputs) | f"Add: {label}" >> beam.CombineGlobally(SumInPlace(zero))
            )

        method = METHODS[settings.method]
        n_groups = len(method.group_sizes(settings))
        empty_tally = partial(CorpusTally.zero, n_concepts, method.plain_rows(settings))
        counted = over_shards("Count concepts", passes.count, empty_tally, reader, n_concepts)
        tally = counted | "Check sizes" >> beam.Map(_check, settings)
        if method.sampling == "rare":
            empty = partial(PrioritySample.zero, method.sample_rows(settings), len(strata))
            sampled = over_shards("Sample rare concepts", passes.sample_rare, empty, reader, AsSingleton(tally))
            fitted = tally | "Fit" >> beam.Map(_fit_sample, settings, AsSingleton(sampled))
        else:
            fitted = tally | "Fit" >> beam.Map(partial(fit, settings))
        for number in range(1, method.corrections(settings) + 1):
            so_far = fitted | f"Weights {number}" >> beam.Map(Fitted.weights)
            nothing = partial(ExpectedTally.zero, n_concepts, len(strata))
            found = over_shards(f"Expect {number}", passes.expect, nothing, reader, AsSingleton(so_far))
            fitted = fitted | f"Correct {number}" >> beam.Map(Fitted.corrected, AsSingleton(found))
        weights = fitted | "Weights" >> beam.Map(Fitted.weights)
        baselines = tally | "Fit baselines" >> beam.Map(Baselines.fit, settings)
        known = (reader, AsSingleton(weights))
        weighed = over_shards(
            "Weigh", passes.weigh, partial(_zero_histogram, n_groups + len(BASELINES)), *known, AsSingleton(baselines)
        )
        expectation = weighed | "Solve for size" >> beam.Map(_expectation, settings, AsSingleton(weights))
        others = weighed | "Solve baselines" >> beam.Map(_solve_baselines, settings, AsSingleton(baselines))
        ranked = (*known, AsSingleton(expectation))
        rank_tally = over_shards("Rank", passes.rank, partial(RankTally.zero, n_groups), *ranked)
        boundary = rank_tally | "Find the cut" >> beam.Map(Boundary.find, AsSingleton(expectation))
        second = over_shards("Look again", passes.collect_missed_candidates, list, *ranked, AsSingleton(boundary))
        cut = boundary | "Cut" >> beam.Map(Cut.at, AsSingleton(second))
        drawn = over_shards(
            "Draw", passes.draw, partial(DrawTally.zero, n_concepts, len(strata)), *ranked, AsSingleton(cut)
        )
        outlook = drawn | "Look ahead" >> beam.Map(Outlook.of, settings, AsSingleton(tally), AsSingleton(weights))
        shortage = outlook | "Shortage" >> beam.Map(lambda found: found.shortage)
        offers = over_shards(
            "Seek exchanges", passes.seek_exchanges, _nothing, *ranked, AsSingleton(cut), AsSingleton(shortage)
        )
        exchange = offers | "Exchange" >> beam.Map(Exchange.choose)
        settled = (AsSingleton(cut), AsSingleton(outlook), AsSingleton(exchange), AsSingleton(others))
        outcome = over_shards("Select", passes.select, _nothing, *ranked, *settled)
        _ = outcome | "Write concepts" >> beam.Map(
            write_concepts, folder, settings, AsSingleton(tally), AsSingleton(weights)
        )
        grounds = (AsSingleton(tally), AsSingleton(weights), AsSingleton(expectation), *settled[1:3])
        _ = outcome | "Certify" >> beam.Map(write_certificate, folder, settings, *grounds)
        return (
            outcome | "Counts" >> beam.Map(lambda total: total.counts) | WriteStageCounts(folder.counts(BALANCE.name))
        )
