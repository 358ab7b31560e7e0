"""Stages of instruction rows on Beam."""

from __future__ import annotations

from collections.abc import Callable

import apache_beam as beam

from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.instruct.chain.folder import InstructFolder
from transforms.rejects import Counts


class EachPart(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → what ``work`` writes of each part, by itself; the stage's counts left for the driver."""

    def __init__(self, folder: InstructFolder, stage: str, work: Callable[[ShardName], Counts]) -> None:
        super().__init__()
        self._folder = folder
        self._stage = stage
        self._work = work

    def expand(self, parts: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        return parts | "Each part" >> beam.Map(self._work) | WriteStageCounts(self._folder.counts(self._stage))
