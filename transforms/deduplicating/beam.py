"""Deduplicate as a Beam transform. What is shuffled is hashes, in arrays: about 32 bytes a row and band."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.deduplicating.buckets import BucketKey, find_duplicates, split_shard, write_rejects
from transforms.deduplicating.keepers import KeeperKey, NamedDuplicates, merge_named, name_keepers
from transforms.deduplicating.matching import Duplicates, Rows
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

        def duplicates(bucket: tuple[BucketKey, Iterable[Rows]]) -> Iterator[tuple[KeeperKey, Duplicates]]:
            return find_duplicates(bucket[0], list(bucket[1]), settings)

        def named(
            kept: tuple[KeeperKey, Iterable[Duplicates]], names: dict[int, ShardName]
        ) -> Iterator[tuple[int, NamedDuplicates]]:
            return name_keepers(folder, names[kept[0][0]], list(kept[1]))

        def write(element: tuple[int, dict[str, Any]], names: dict[int, ShardName]) -> Counts:
            number, grouped = element
            return write_rejects(folder, number, names, merge_named(list(grouped["duplicates"])))

        by_number = beam.pvalue.AsDict(shards)
        found = (
            shards
            | "Split hashes" >> beam.FlatMap(hashes)
            | "Bucket" >> beam.GroupByKey()
            | "Find copies" >> beam.FlatMap(duplicates)
            | "By shard of the kept" >> beam.GroupByKey()
            | "Name the kept" >> beam.FlatMap(named, names=by_number)
        )
        return (
            {"shard": shards, "duplicates": found}
            | beam.CoGroupByKey()
            | "Write rejects" >> beam.Map(write, names=by_number)
            | WriteStageCounts(folder.counts(DEDUPLICATE.name))
        )
