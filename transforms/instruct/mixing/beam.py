"""Mixing as one Beam transform: three passes over small columns of the parts, and no shuffle of rows.

count ──▶ plan ──▶ solve ──▶ windows ──▶ collect ──▶ cuts ──▶ select
            └─▶ count concepts ─▶ sample ─▶ fit ─▶ weigh ─┘   where concepts are to be even
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from transforms.balancing.beam import SumInPlace
from transforms.beam import CollectToList, write_stage_counts
from transforms.datasets import ShardName
from transforms.instruct.mixing import draw, even_concepts, tally
from transforms.instruct.mixing.about import PartReader
from transforms.instruct.mixing.draw import Candidates, Windows
from transforms.instruct.mixing.even_concepts import ConceptWeights, Plan, Shown, parted, weighed
from transforms.instruct.mixing.evening import evened
from transforms.instruct.mixing.outcome import MixOutcome, write_outcome
from transforms.instruct.mixing.quotas import Stratum, allot
from transforms.instruct.mixing.tally import MixTally, count_rows
from transforms.instruct.mixing.targets import expected_copies
from transforms.stages import MIX


def _plan(counted: MixTally, reader: PartReader) -> Plan:
    """Solved in one place; raises EvenweaveError where it cannot give what is asked for."""
    return Plan(*expected_copies(counted, reader.settings))


def _weigh(name: ShardName, reader: PartReader, weights: ConceptWeights) -> MixTally:
    return count_rows(weighed(reader.read(name), weights))


def _windows(counted: MixTally, reader: PartReader, plan: Plan, weights: ConceptWeights | None = None) -> Windows:
    """``counted`` as ``weights`` part its cells."""
    most = reader.settings.max_copies
    expected = plan.each if weights is None else parted(plan, counted, most)
    rows = {stratum: rows for stratum, (rows, _) in counted.strata.items()}
    quotas = allot(rows, expected, plan.size, most, reader.seed)
    return Windows.of(evened(quotas, counted.strata), rows, weights)


def _cuts(candidates: Candidates, windows: Windows) -> dict[Stratum, float]:
    return candidates.cuts(windows)


def _select(name: ShardName, reader: PartReader, windows: Windows, cuts: Mapping[Stratum, float]) -> MixOutcome:
    return MixOutcome.of(*draw.select(name, reader, windows, cuts))


def _nothing() -> None:
    return None


class Mix(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → drawn/…, mix/shares.json, and the stage's counts left for the driver."""

    def __init__(self, reader: PartReader) -> None:
        super().__init__()
        self._reader = reader

    def expand(self, names: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        reader = self._reader

        def add_up(label: str, function: Callable[..., Any], zero: Callable[[], Any], *known: Any) -> Any:
            inputs = [AsSingleton(one) for one in known]
            mapped = names | label >> beam.Map(function, reader, *inputs)
            return mapped | f"Add: {label}" >> beam.CombineGlobally(SumInPlace(zero))

        counted = add_up("Count", tally.count_part, MixTally)
        plan = counted | "Plan" >> beam.Map(_plan, reader)
        known: tuple[Any, ...] = ()
        if reader.settings.concepts is not None:
            shown = add_up("Count concepts", even_concepts.count_shown, Shown, plan)
            sampled = add_up("Sample", even_concepts.sample_shown, _nothing, plan, shown)
            weights = shown | "Fit" >> beam.Map(even_concepts.fit, reader, AsSingleton(plan), AsSingleton(sampled))
            counted = add_up("Weigh", _weigh, MixTally, weights)
            known = (AsSingleton(weights),)
        windows = counted | "Solve" >> beam.Map(_windows, reader, AsSingleton(plan), *known)
        candidates = add_up("Collect", draw.collect, Candidates, windows)
        cuts = candidates | "Cut" >> beam.Map(_cuts, AsSingleton(windows))
        outcome = add_up("Select", _select, MixOutcome, windows, cuts)
        told = [AsSingleton(one) for one in (counted, windows, *((shown,) if known else ()))]
        _ = outcome | "Shares" >> beam.Map(write_outcome, reader, *told)
        counts = outcome | "Counts" >> beam.Map(lambda total: total.counts) | CollectToList()
        return counts | "Leave counts" >> beam.Map(write_stage_counts, reader.folder.counts(MIX.name))
