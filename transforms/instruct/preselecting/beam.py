"""Pre-selection as a Beam transform: the passes of the mixture, and then rejects.

parts ──▶ count ──▶ solve, widen ──▶ collect ──▶ cuts ──▶ choose
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from transforms.balancing.beam import SumInPlace
from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.instruct.mixing import draw, tally
from transforms.instruct.mixing.about import PartReader
from transforms.instruct.mixing.draw import Candidates, Windows
from transforms.instruct.mixing.quotas import Stratum, allot
from transforms.instruct.mixing.tally import MixTally
from transforms.instruct.mixing.targets import expected_copies
from transforms.instruct.preselecting.choosing import choose, frozen_targets, widened, write_targets
from transforms.rejects import Counts
from transforms.stages import PRESELECT


def _windows(counted: MixTally, reader: PartReader, margin: float) -> Windows:
    """Solved in one place, where the targets are left for the mixture.

    Raises EvenweaveError where it cannot give what is asked for.
    """
    write_targets(reader.folder, frozen_targets(counted.cells(), reader.settings))
    expected, size = expected_copies(counted, reader.settings)
    rows = {stratum: rows for stratum, (rows, _) in counted.strata.items()}
    return widened(allot(rows, expected, size, reader.settings.max_copies, reader.seed), rows, margin)


def _cuts(candidates: Candidates, windows: Windows) -> dict[Stratum, float]:
    return candidates.cuts(windows)


def _choose(name: ShardName, reader: PartReader, windows: Windows, cuts: Mapping[Stratum, float]) -> Counts:
    return choose(name, reader, windows, cuts)


class Preselect(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → facts and rejects of each part, and the stage's counts left for the driver."""

    def __init__(self, reader: PartReader, margin: float) -> None:
        super().__init__()
        self._reader, self._margin = reader, margin

    def expand(self, names: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        reader = self._reader

        def add_up(label: str, function: Callable[..., Any], zero: Callable[[], Any], *known: Any) -> Any:
            mapped = names | label >> beam.Map(function, reader, *(AsSingleton(one) for one in known))
            return mapped | f"Add: {label}" >> beam.CombineGlobally(SumInPlace(zero))

        counted = add_up("Count", tally.count_part, MixTally)
        windows = counted | "Solve" >> beam.Map(_windows, reader, self._margin)
        cuts = add_up("Collect", draw.collect, Candidates, windows) | "Cut" >> beam.Map(_cuts, AsSingleton(windows))
        chosen = names | "Choose" >> beam.Map(_choose, reader, AsSingleton(windows), AsSingleton(cuts))
        return chosen | WriteStageCounts(reader.folder.counts(PRESELECT.name))
