"""Balancing as one Beam transform: passes over the shards, each reduced to arrays of fixed size, no shuffle.

    count ──▶ weights ──▶ weigh ──▶ λ ──▶ draw ──▶ cut ──▶ select
      └─▶ sample ─▶ fit ─▶ expect ─▶ fit … ─┘   where the method is corrected

A pass maps every shard and adds the results up; what follows from the sum is a side input of the next pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import AsSingleton

from transforms.balancing import passes
from transforms.balancing.concepts import write_concepts
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.methods import METHODS, weighting
from transforms.balancing.methods.even import Even, correct_even, fit_even
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.passes import ShardReader
from transforms.balancing.sampling import N_BINS, Expectation, Ints
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally, ExpectedTally, SelectionTally
from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.run_folder import RunFolder
from transforms.stages import BALANCE


class SumInPlace(beam.CombineFn):  # type: ignore[misc]
    """Adds elements in place into a fresh ``zero()``: anything whose ``+=`` is exact and free of order."""

    def __init__(self, zero: Callable[[], Any]) -> None:
        self._zero = zero

    def create_accumulator(self) -> Any:
        return self._zero()

    def add_input(self, accumulator: Any, element: Any) -> Any:
        accumulator += element
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        total = self._zero()
        for accumulator in accumulators:
            total += accumulator
        return total

    def extract_output(self, accumulator: Any) -> Any:
        return accumulator


def _check(tally: CorpusTally, settings: BalanceSettings) -> CorpusTally:
    """As it is; raises EvenweaveError where it cannot give what is asked for."""
    Strata.of(settings).check(tally.rows_by_stratum, settings.max_copies)
    return tally


def _fit(tally: CorpusTally, settings: BalanceSettings) -> Weighting:
    return weighting(settings, tally.count_before, tally.rows, tally.sample.images())


def _expectation(histogram: Ints, settings: BalanceSettings, weights: Weighting) -> Expectation:
    return Expectation.solve(histogram, weights.group_sizes(settings), settings.max_copies, weights.bin_values())


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
        empty_tally = partial(CorpusTally.zero, n_concepts, method.sample_rows(settings))
        counted = over_shards("Count concepts", passes.count, empty_tally, reader, n_concepts)
        tally = counted | "Check sizes" >> beam.Map(_check, settings)
        if method.corrected:
            empty = partial(PrioritySample.zero, settings.max_sample_rows, len(strata))
            sample = over_shards("Sample rare concepts", passes.sample_rare, empty, reader, AsSingleton(tally))
            fitted = sample | "Fit" >> beam.Map(fit_even, settings, AsSingleton(tally))
            for number in range(1, settings.even.max_corrections + 1):
                so_far = fitted | f"Weights {number}" >> beam.Map(Even.of, n_concepts)
                nothing = partial(ExpectedTally.zero, n_concepts, len(strata))
                found = over_shards(f"Expect {number}", passes.expect, nothing, reader, AsSingleton(so_far))
                fitted = fitted | f"Correct {number}" >> beam.Map(correct_even, AsSingleton(found))
            weights = fitted | "Weights" >> beam.Map(Even.of, n_concepts)
        else:
            weights = tally | "Fit weights" >> beam.Map(_fit, settings)
        known = (reader, AsSingleton(weights))
        histogram = over_shards("Weigh", passes.weigh, partial(_zero_histogram, n_groups), *known)
        expectation = histogram | "Solve for size" >> beam.Map(_expectation, settings, AsSingleton(weights))
        ranked = (*known, AsSingleton(expectation))
        rank_tally = over_shards("Rank", passes.rank, partial(RankTally.zero, n_groups), *ranked)
        boundary = rank_tally | "Find the cut" >> beam.Map(Boundary.find, AsSingleton(expectation))
        second = over_shards("Look again", passes.collect_missed_candidates, list, *ranked, AsSingleton(boundary))
        cut = boundary | "Cut" >> beam.Map(Cut.at, AsSingleton(second))
        outcome = over_shards(
            "Select", passes.select, partial(SelectionTally.zero, n_concepts), *ranked, AsSingleton(cut)
        )
        _ = outcome | "Write concepts" >> beam.Map(
            write_concepts, folder, settings, AsSingleton(tally), AsSingleton(weights)
        )
        return (
            outcome | "Counts" >> beam.Map(lambda total: total.counts) | WriteStageCounts(folder.counts(BALANCE.name))
        )
