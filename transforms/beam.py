"""What the Beam wiring of every step shares: bringing small things together, and leaving counts for the driver."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam

from transforms.datasets import ShardName
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.shard_list import ShardList, blocks
from transforms.storage import StoragePath

_MOST_IN_GRAPH = 10_000  # names of shards: some 600 KB of a job's graph, which runners bound at 10 MB
_BLOCK = 1000


class NumberedShards(beam.PTransform):  # type: ignore[misc]
    """Pipeline → PCollection[(number, ShardName)]. Where they are many, the graph holds ranges of numbers, and workers
    read the names from the run's inputs.parquet."""

    def __init__(self, folder: RunFolder, names: Sequence[ShardName]) -> None:
        """``names``: of all shards, in the order of inputs.parquet."""
        super().__init__()
        self._list = ShardList(folder)
        self._names = names

    def expand(self, pipeline: Any) -> beam.PCollection[tuple[int, ShardName]]:
        if len(self._names) <= _MOST_IN_GRAPH:
            return pipeline | "Names" >> beam.Create(list(enumerate(self._names)))
        return (
            pipeline
            | "Blocks" >> beam.Create(blocks(len(self._names), _BLOCK))
            | "Names" >> beam.FlatMapTuple(self._list.numbered)
            | "Spread" >> beam.Reshuffle()
        )


class CollectToList(beam.PTransform):  # type: ignore[misc]
    """PCollection[T] → PCollection[list[T]]: all elements, in any order, on one worker; no list where there are none.

    For what is small when all shards are counted. A global combine would run three small stages more, for sums on the
    way and for the value of nothing.
    """

    def expand(self, elements: beam.PCollection[Any]) -> beam.PCollection[list[Any]]:
        return (
            elements
            | "To one key" >> beam.Map(lambda element: (None, element))
            | "Group" >> beam.GroupByKey()
            | "List" >> beam.MapTuple(lambda _, together: list(together))
        )


class WriteStageCounts(beam.PTransform):  # type: ignore[misc]
    """PCollection[Counts] of a stage → a JSON file that the driver reads when the job has ended.

    A file and not a Beam metric: metrics may count a retried bundle twice.
    """

    def __init__(self, path: StoragePath) -> None:
        super().__init__()
        self._path = path

    def expand(self, counts: beam.PCollection[Counts]) -> beam.PCollection[None]:
        zero = counts.pipeline | "Zero" >> beam.Create([Counts()])  # there may be no shards, but there will be a file
        together = (counts, zero) | "With zero" >> beam.Flatten() | CollectToList()
        return together | "Leave counts" >> beam.Map(write_stage_counts, self._path)


def write_stage_counts(counts: Iterable[Counts], path: StoragePath) -> None:
    """The sum, for the driver."""
    path.write_text(json.dumps(sum(counts, start=Counts()).to_dict()))
