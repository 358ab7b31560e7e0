"""Export on Beam: plan from small columns, deal the selected rows to output shards, write each output shard once.

Rows move through the engine (a few hundred bytes each, in tables); images do not: the worker that writes an output
shard reads them where they lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa

from transforms.beam import CollectToList, CreateMany, WriteStageCounts, write_stage_counts
from transforms.datasets import ShardName
from transforms.exporting import energon
from transforms.exporting.blocks import ExportPlan, cut_block, deal_blocks
from transforms.exporting.index import write_index
from transforms.exporting.manifest import ShardStats, finished_shards, read_stats, shard_file, write_manifest
from transforms.exporting.rows import CopyPlaces, read_places, read_rows
from transforms.exporting.settings import ExportSettings
from transforms.exporting.shard_writer import ShardWriter
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.stages import EXPORT


class ExportShards(beam.PTransform):  # type: ignore[misc]
    """Pipeline → the folder of balanced shards, with manifest and Energon metadata; leaves the stage's counts.

    Output shards that an earlier, broken run finished are kept as they are.
    """

    def __init__(
        self,
        folder: RunFolder,
        shards: Sequence[InputShard],
        sources: Mapping[str, SourceSettings],
        settings: ExportSettings,
    ) -> None:
        super().__init__()
        self._folder = folder
        self._shards = shards
        self._sources = sources
        self._settings = settings

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[None]:
        folder, settings = self._folder, self._settings
        names = [ShardName(shard.source, shard.name) for shard in self._shards]
        blocks = deal_blocks(names, settings.shuffle_block_shards, settings.seed).tolist()
        finished = frozenset(finished_shards(folder.shards, settings.name))

        shards = pipeline | "Input shards" >> CreateMany(folder, list(zip(blocks, self._shards, strict=True)))
        places = shards | "Place copies" >> beam.Map(_read_places, folder, settings.seed)
        written = (
            shards
            | "Deal rows" >> beam.FlatMap(_deal, folder, settings.seed, finished, places | _Plan(settings))
            | "By output shard" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(_WriteShard(folder, settings, self._sources, finished))
        )
        selected = places | "Selected" >> beam.Map(lambda placed: Counts(rows_in=len(placed[1].place)))
        return (
            (selected, written)
            | "Both" >> beam.Flatten()
            | CollectToList()
            | "Finish" >> beam.Map(_finish, folder, settings.name)
        )


class WriteIndex(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → index/…, and the stage's counts left for the driver."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self._folder = folder

    def expand(self, names: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        folder = self._folder
        counts = names | "Write index" >> beam.Map(lambda name: write_index(folder, name))
        return counts | WriteStageCounts(folder.counts(EXPORT.name))


class _Plan(beam.PTransform):  # type: ignore[misc]
    """PCollection[(block, CopyPlaces)] → the ExportPlan, as a side input."""

    def __init__(self, settings: ExportSettings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, places: beam.PCollection[tuple[int, CopyPlaces]]) -> beam.pvalue.AsSingleton:
        most, most_bytes = self._settings.samples_per_shard, self._settings.max_shard_bytes

        def cut(block: int, placed: Iterable[CopyPlaces]) -> tuple[int, Any]:
            together = list(placed)
            place = np.concatenate([some.place for some in together])
            image_bytes = np.concatenate([some.image_bytes for some in together])
            return block, cut_block(place, image_bytes, most, most_bytes)

        plan = (
            places
            | "By block" >> beam.GroupByKey()
            | "Cut" >> beam.MapTuple(cut)
            | "All blocks" >> CollectToList()
            | "Number" >> beam.Map(ExportPlan.of)
        )
        return beam.pvalue.AsSingleton(plan)


def _read_places(dealt: tuple[int, InputShard], folder: RunFolder, seed: int) -> tuple[int, CopyPlaces]:
    block, shard = dealt
    return block, read_places(folder, shard.source, shard.name, seed)


def _deal(
    dealt: tuple[int, InputShard], folder: RunFolder, seed: int, finished: frozenset[int], plan: ExportPlan
) -> Iterator[tuple[int, tuple[InputShard, bytes]]]:
    """The rows of one input shard, by output shard, as Arrow streams.

    No rows for an output shard that is finished, but its number.
    """
    block, shard = dealt
    for number, rows in read_rows(folder, shard.source, shard.name, seed, plan, block):
        encoded = pa.BufferOutputStream()
        if number not in finished:
            with pa.ipc.new_stream(encoded, rows.schema) as stream:
                stream.write_table(rows)
        yield number, (shard, encoded.getvalue().to_pybytes())


class _WriteShard(beam.DoFn):  # type: ignore[misc]
    """(number, rows of each input shard) → the shard's statistics."""

    def __init__(
        self,
        folder: RunFolder,
        settings: ExportSettings,
        sources: Mapping[str, SourceSettings],
        finished: frozenset[int],
    ) -> None:
        self._folder, self._settings, self._sources, self._finished = folder, settings, sources, finished

    def setup(self) -> None:
        self._writer = ShardWriter(self._folder, self._settings, self._sources)

    def process(self, element: tuple[int, Iterable[tuple[InputShard, bytes]]]) -> Iterator[ShardStats]:
        number, parts = element
        if number in self._finished:
            yield read_stats(self._folder.shards, shard_file(self._settings.name, number), self._folder.fingerprint)
        else:
            rows = ((shard, pa.ipc.open_stream(encoded).read_all()) for shard, encoded in parts)
            yield self._writer.write(number, rows)


def _finish(results: list[Counts | ShardStats], folder: RunFolder, name: str) -> None:
    """Of what was selected and of what was written, in any order."""
    stats = [shard for shard in results if isinstance(shard, ShardStats)]
    selected = [counts for counts in results if isinstance(counts, Counts)]
    energon.write_metadata(folder.shards, stats)
    write_manifest(folder.shards, name, stats, folder.fingerprint)
    write_stage_counts([*selected, *(Counts(rows_out=shard.samples) for shard in stats)], folder.counts(EXPORT.name))
