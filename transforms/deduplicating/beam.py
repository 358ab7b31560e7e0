"""Deduplicate as a Beam transform. What is shuffled is hashes, in arrays: about 32 bytes a row and band."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.deduplicating.buckets import BucketKey, find_duplicates, split_shard, write_rejects
from transforms.deduplicating.matching import Duplicates, Rows, merge
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.stages import DEDUPLICATE


class Deduplicate(beam.PTransform):  # type: ignore[misc]
    """PCollection[(number, ShardName)] → rejects/deduplicate/…, and the stage's counts left for the driver."""

    def __init__(self, folder: RunFolder, settings: DeduplicateSettings) -> None:
        super().__init__()
        self._folder = folder
        self._settings = settings

    def expand(self, shards: beam.PCollection[tuple[int, ShardName]]) -> beam.PCollection[None]:
        folder, settings = self._folder, self._settings

        def hashes(numbered: tuple[int, ShardName]) -> Iterator[tuple[BucketKey, Rows]]:
            return split_shard(folder, *numbered, settings)

        def duplicates(bucket: tuple[BucketKey, Iterable[Rows]]) -> Iterator[tuple[int, Duplicates]]:
            return find_duplicates(bucket[0], list(bucket[1]), settings)

        def write(element: tuple[int, dict[str, Any]], names: dict[int, ShardName]) -> Counts:
            number, grouped = element
            return write_rejects(folder, number, names, merge(list(grouped["duplicates"])))

        found = (
            shards
            | "Split hashes" >> beam.FlatMap(hashes)
            | beam.GroupByKey()
            | "Find copies" >> beam.FlatMap(duplicates)
        )
        return (
            {"shard": shards, "duplicates": found}
            | beam.CoGroupByKey()
            | "Write rejects" >> beam.Map(write, names=beam.pvalue.AsDict(shards))
            | WriteStageCounts(folder.counts(DEDUPLICATE.name))
        )
