"""Balancing as one Beam transform: passes over the shards, whose sums are arrays of fixed size; no row is shuffled.

    count ──▶ weights ──▶ weigh ──▶ λ ──▶ rank ──▶ cut ──▶ draw ──▶ exchange ──▶ select
      └─▶ sample ─▶ fit ─▶ expect ─▶ fit … ─┘   where the method is corrected

A pass maps every shard and adds the results up, in groups first where there are many; what follows from the sum is a
side input of the next pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import AsSingleton
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from transforms.balancing import passes
from transforms.balancing.baselines import Baselines
from transforms.balancing.cells import Cells
from transforms.balancing.certificate import write_certificate
from transforms.balancing.concept_table import write_concepts
from transforms.balancing.corpus_size import SMALL, CorpusSize
from transforms.balancing.even.response import ResponseTally
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.exchange import Exchange, Shortage
from transforms.balancing.methods import METHODS, fit
from transforms.balancing.methods.weighting import Fitted, Weighting
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.outlook import Outlook
from transforms.balancing.packed import Packed
from transforms.balancing.passes import ShardReader
from transforms.balancing.sample_table import write_sample
from transforms.balancing.sampling import N_BINS, Expectation, Ints
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import Strata
from transforms.balancing.tally import CorpusTally, DrawTally
from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.keyed import hash64
from transforms.run_folder import RunFolder
from transforms.stages import BALANCE


class SumInPlace(beam.CombineFn):  # type: ignore[misc]
    """Adds elements in place into a fresh ``zero()``: anything whose ``+=`` is exact and free of order."""

    def __init__(self, zero: Callable[[], Any]) -> None:
        """``zero`` may give None, where only an element knows its own shape: sums then begin at what its ``empty()``
        gives."""
        self._zero = zero

    def create_accumulator(self) -> Packed:
        return Packed(self._zero())

    def add_input(self, accumulator: Packed, element: Any) -> Packed:
        """``element``: one, or a sum of some that is packed."""
        value = element.value if isinstance(element, Packed) else element
        if value is not None:
            if accumulator.value is None:
                accumulator.value = value.empty()
            accumulator.value += value
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Packed]) -> Packed:
        total = self.create_accumulator()
        for accumulator in accumulators:
            total = self.add_input(total, accumulator)
        return total

    def extract_output(self, accumulator: Packed) -> Any:
        return accumulator.value


class _Subtotal(SumInPlace):
    """Stays packed, since it is added to others yet."""

    def extract_output(self, accumulator: Packed) -> Packed:
        return accumulator


class _AddUpBundle(beam.DoFn):  # type: ignore[misc]
    """Numbered values → (group, sum), one for a bundle, whatever a runner puts into it: a sum is arrays of every
    concept, and a worker whose bundle met many groups would hold and send as many. The first number says which."""

    def __init__(self, zero: Callable[[], Any], groups: int) -> None:
        self._sum, self._groups = SumInPlace(zero), groups

    def start_bundle(self) -> None:
        self._group = 0
        self._total: Packed | None = None

    def add(self, number: int, value: Any) -> None:
        if self._total is None:
            self._group, self._total = number % self._groups, self._sum.create_accumulator()
        self._sum.add_input(self._total, value)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._total is not None:
            window = GlobalWindow()
            yield WindowedValue((self._group, self._total), window.max_timestamp(), [window])


class _PassOver(_AddUpBundle):
    """Of shards: what ``function`` gives of each."""

    def __init__(self, function: Callable[..., Any], reader: ShardReader, zero: Callable[[], Any], groups: int) -> None:
        super().__init__(zero, groups)
        self._function, self._reader = function, reader

    def process(self, name: ShardName, *known: Any) -> None:
        self.add(hash64(*name), self._function(name, self._reader, *known))


class _DealOn(_AddUpBundle):
    """Of sums of more groups."""

    def process(self, numbered: tuple[int, Packed]) -> None:
        self.add(*numbered)


def _check(tally: CorpusTally, settings: BalanceSettings) -> CorpusTally:
    """As it is; raises EvenweaveError where it cannot give what is asked for."""
    Strata.of(settings).check(tally.rows_by_stratum, settings.max_copies)
    return tally


def _fit_sample(tally: CorpusTally, reader: ShardReader, sample: PrioritySample) -> Fitted:
    target = reader.target(len(tally.count_before))
    return fit(reader.settings, tally, sample.sample(tally.count_inside), target)


def _is_enough(sample: PrioritySample) -> bool:
    return sample.is_enough


def _whole_sample(first: PrioritySample, again: PrioritySample) -> PrioritySample:
    return first if first.is_enough else again


def _keep_sample(sample: PrioritySample, folder: RunFolder, tally: CorpusTally) -> None:
    write_sample(sample.sample(tally.count_inside), folder, tally.count_inside)


def _expectation(weighed: Ints, settings: BalanceSettings, weights: Weighting) -> Expectation:
    sizes = weights.group_sizes(settings)
    return Expectation.solve(weighed[: len(sizes)], sizes, settings.max_copies, weights.bin_values())


def _solve_baselines(weighed: Ints, settings: BalanceSettings, baselines: Baselines) -> Baselines:
    return baselines.solved(weighed[-Baselines.rows(settings) :], settings)


def _weights(fitted: Fitted) -> Weighting:
    return fitted.weights()


def _corrected(fitted: Fitted, found: ResponseTally) -> Fitted:
    return fitted.corrected(found)


def _shortage(outlook: Outlook) -> Shortage:
    return outlook.shortage


def _nothing() -> None:
    return None


def _zero_histogram(n_groups: int) -> Ints:
    return np.zeros((n_groups, N_BINS), dtype=np.int64)


@dataclass(frozen=True)
class _Shards:
    """The shards to pass over."""

    names: beam.PCollection[ShardName]
    reader: ShardReader
    groups: tuple[int, ...]  # that sums are added up in, by level, before they are added up to one

    def add_up(self, label: str, function: Callable[..., Any], zero: Callable[[], Any], *known: Any) -> Any:
        """A pass: ``function`` of each shard, the reader and what is known (a PCollection of one element each), and the
        sum of it all."""
        inputs = (AsSingleton(one) if isinstance(one, beam.PCollection) else one for one in known)
        first, *others = (*self.groups, 1)
        over = beam.ParDo(_PassOver(function, self.reader, zero, first), *inputs)
        sums = self.names | label >> over.with_output_types(tuple[int, Any])
        for groups, fewer in zip(self.groups, others, strict=True):
            sums = sums | f"Add each of {groups}: {label}" >> beam.CombinePerKey(_Subtotal(zero))
            if fewer > 1:
                dealt = beam.ParDo(_DealOn(zero, fewer)).with_output_types(tuple[int, Any])
                sums = sums | f"Deal to {fewer}: {label}" >> dealt
        subtotals = sums | f"Subtotals: {label}" >> beam.Values()
        return subtotals | f"Add: {label}" >> beam.CombineGlobally(SumInPlace(zero))


class Balance(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → selections, concepts.parquet and certificate, and the stage's counts left for the
    driver."""

    def __init__(self, folder: RunFolder, settings: BalanceSettings, n_concepts: int, size: CorpusSize = SMALL) -> None:
        super().__init__()
        self._folder, self._settings, self._n_concepts, self._size = folder, settings, n_concepts, size
        self._method, self._n_cells = METHODS[settings.method], len(Cells.of(settings))

    def expand(self, names: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        folder, settings = self._folder, self._settings
        shards = _Shards(names, ShardReader(folder, settings), self._size.groups)
        empty = partial(CorpusTally.zero, self._n_concepts, self._method.plain_rows(settings))
        counted = shards.add_up("Count concepts", passes.count, empty, self._n_concepts, self._size.rows)
        tally = counted | "Check sizes" >> beam.Map(_check, settings)
        weights = self._fit(shards, tally) | "Weights" >> beam.Map(_weights)
        baselines = tally | "Fit baselines" >> beam.Map(Baselines.fit, settings)
        n_groups = self._method.n_groups(settings)
        no_weights = partial(_zero_histogram, n_groups + Baselines.rows(settings))
        weighed = shards.add_up("Weigh", passes.weigh, no_weights, weights, baselines)
        expectation = weighed | "Solve for size" >> beam.Map(_expectation, settings, AsSingleton(weights))
        others = weighed | "Solve baselines" >> beam.Map(_solve_baselines, settings, AsSingleton(baselines))
        ranked = (weights, expectation, self._cut(shards, weights, expectation, n_groups))
        no_draw = partial(DrawTally.zero, self._n_concepts, self._n_cells)
        drawn = shards.add_up("Draw", passes.draw, no_draw, *ranked)
        outlook = drawn | "Look ahead" >> beam.Map(Outlook.of, settings, AsSingleton(tally), AsSingleton(weights))
        shortage = outlook | "Shortage" >> beam.Map(_shortage)
        offers = shards.add_up("Seek exchanges", passes.seek_exchanges, _nothing, *ranked, shortage)
        exchange = offers | "Exchange" >> beam.Map(Exchange.choose)
        outcome = shards.add_up("Select", passes.select, _nothing, *ranked, outlook, exchange, others)
        grounds = [AsSingleton(one) for one in (tally, weights, expectation, outlook, exchange)]
        _ = outcome | "Write concepts" >> beam.Map(write_concepts, folder, settings, *grounds[:2])
        _ = outcome | "Certify" >> beam.Map(write_certificate, folder, settings, *grounds)
        return (
            outcome | "Counts" >> beam.Map(lambda total: total.counts) | WriteStageCounts(folder.counts(BALANCE.name))
        )

    def _bounded_sample(self, shards: _Shards, tally: Any, empty: Callable[[], Any]) -> Any:
        """The same sample of many shards: what cannot be in it is not sent."""
        bound = tally | "Bound the sample" >> beam.Map(passes.sample_bound, self._settings)
        first = shards.add_up("Sample rare concepts", passes.sample_rare, empty, tally, bound)
        # of its own: Beam's in-process runner lost a PCollection now and then that was main input of one step and told
        # to another, by the order in which it put the stages
        is_enough = first | "Is it enough" >> beam.Map(_is_enough)
        again = shards.add_up("Sample again", passes.sample_missed, empty, tally, is_enough)
        return first | "Sampled" >> beam.Map(_whole_sample, AsSingleton(again))

    def _fit(self, shards: _Shards, tally: Any) -> Any:
        """What the method is fitted to, with its corrections."""
        method, settings = self._method, self._settings
        if method.sampling == "rare":
            empty = partial(PrioritySample.zero, method.sample_rows(settings), self._n_cells)
            if not self._size.groups:
                sampled = shards.add_up("Sample rare concepts", passes.sample_rare, empty, tally)
            else:
                sampled = self._bounded_sample(shards, tally, empty)
            fitted = tally | "Fit" >> beam.Map(_fit_sample, shards.reader, AsSingleton(sampled))
            _ = sampled | "Keep the sample" >> beam.Map(_keep_sample, self._folder, AsSingleton(tally))
        else:
            fitted = tally | "Fit" >> beam.Map(partial(fit, settings))
        nothing = partial(ResponseTally, self._n_concepts, Cells.of(settings).stratum)
        for number in range(1, method.corrections(settings) + 1):
            weights = fitted | f"Weights {number}" >> beam.Map(_weights)
            found = shards.add_up(f"Expect {number}", passes.expect, nothing, weights)
            fitted = fitted | f"Correct {number}" >> beam.Map(_corrected, AsSingleton(found))
        return fitted

    def _cut(self, shards: _Shards, weights: Any, expectation: Any, n_groups: int) -> Any:
        """The last rank of each group that wins."""
        ranked = shards.add_up("Rank", passes.rank, partial(RankTally.zero, n_groups), weights, expectation)
        boundary = ranked | "Find the cut" >> beam.Map(Boundary.find, AsSingleton(expectation))
        missed = (passes.collect_missed_candidates, list, weights, expectation, boundary)
        second = shards.add_up("Look again", *missed)
        return boundary | "Cut" >> beam.Map(Cut.at, AsSingleton(second))
