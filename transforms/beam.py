"""What the Beam wiring of every step shares: bringing small things together, and leaving counts for the driver."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apache_beam as beam

from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.shard_list import blocks
from transforms.storage import StoragePath

_MOST_IN_GRAPH = 10_000  # elements: about a megabyte of shards; Dataflow takes graphs of 10 MB
_BLOCK = 10_000


class CreateMany(beam.PTransform):  # type: ignore[misc]
    """Pipeline → PCollection[T], as beam.Create, of elements that may be too many for the job's graph: they are then
    written to files, of which workers read one each, and which whoever ran the job removes."""

    def __init__(self, folder: RunFolder, elements: Sequence[Any]) -> None:
        super().__init__()
        self._folder = folder.elements
        self._elements = elements

    def expand(self, pipeline: Any) -> beam.PCollection[Any]:
        if len(self._elements) <= _MOST_IN_GRAPH:
            return pipeline | "Elements" >> beam.Create(list(self._elements))
        paths = [self._folder / f"{number:06d}.pickle" for number, _ in enumerate(blocks(len(self._elements), _BLOCK))]
        for path, (first, end) in zip(paths, blocks(len(self._elements), _BLOCK), strict=True):
            path.write_bytes(pickle.dumps(list(self._elements[first:end])))
        return (
            pipeline
            | "Blocks" >> beam.Create(paths)
            | "Elements" >> beam.FlatMap(_read_elements)
            | "Spread" >> beam.Reshuffle()
        )


def _read_elements(path: StoragePath) -> Any:
    return pickle.loads(path.read_bytes())  # written by the driver of this very job


def hinted(step: beam.DoFn, resource_hints: Mapping[str, str]) -> beam.ParDo:
    """A runner may put a step that has some apart from its neighbours, on other machines."""
    done = beam.ParDo(step)
    return done.with_resource_hints(**resource_hints) if resource_hints else done


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
