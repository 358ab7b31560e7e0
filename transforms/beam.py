"""What the Beam wiring of every step shares: adding up counts, and leaving them for the driver."""

from __future__ import annotations

import json
from collections.abc import Iterable

import apache_beam as beam

from transforms.rejects import Counts
from transforms.storage import StoragePath


class SumCounts(beam.CombineFn):  # type: ignore[misc]
    """Counts of shards → counts of the stage."""

    def create_accumulator(self) -> Counts:
        return Counts()

    def add_input(self, accumulator: Counts, element: Counts) -> Counts:
        return accumulator + element

    def merge_accumulators(self, accumulators: Iterable[Counts]) -> Counts:
        return sum(accumulators, start=Counts())

    def extract_output(self, accumulator: Counts) -> Counts:
        return accumulator


class LeaveCounts(beam.PTransform):  # type: ignore[misc]
    """PCollection[Counts] of a stage → a JSON file that the driver reads when the job has ended.

    A file and not a Beam metric: metrics may count a retried bundle twice.
    """

    def __init__(self, path: StoragePath) -> None:
        super().__init__()
        self._path = path

    def expand(self, counts: beam.PCollection[Counts]) -> beam.PCollection[None]:
        path = self._path

        def write(total: Counts) -> None:
            path.write_text(json.dumps(total.to_dict()))

        return counts | "Sum counts" >> beam.CombineGlobally(SumCounts()) | "Leave counts" >> beam.Map(write)
