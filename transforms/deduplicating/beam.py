"""Deduplicate as a Beam transform. What is shuffled is hashes, as arrays: about 32 bytes a row and band."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from transforms.beam import WriteStageCounts
from transforms.deduplicating.buckets import BucketKey, find_duplicates, split_block, write_rejects
from transforms.deduplicating.keepers import KeeperKey, NamedDuplicates, merge_named, name_keepers
from transforms.deduplicating.matching import Duplicates
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.shard_list import ShardList
from transforms.stages import DEDUPLICATE


class Deduplicate(beam.PTransform):  # type: ignore[misc]
    """PCollection[(first, end)], numbers of shards → rejects/deduplicate/…, and the stage's counts left for the
    driver."""

    def __init__(self, folder: RunFolder, settings: DeduplicateSettings, partitions: int) -> None:
        super().__init__()
        self._folder = folder
        self._settings = settings
        self._partitions = partitions

    def expand(self, blocks: beam.PCollection[tuple[int, int]]) -> beam.PCollection[None]:
        folder, settings, partitions = self._folder, self._settings, self._partitions
        names = ShardList(folder)

        def hashes(first: int, end: int) -> Iterator[tuple[BucketKey, bytes]]:
            return split_block(folder, names.numbered(first, end), settings, partitions)

        def duplicates(bucket: BucketKey, rows: Iterable[bytes]) -> Iterator[tuple[KeeperKey, Duplicates]]:
            return find_duplicates(bucket, rows, settings)

        def named(keeper: KeeperKey, kept: Iterable[Duplicates]) -> Iterator[tuple[int, NamedDuplicates]]:
            return name_keepers(folder, names[keeper[0]], list(kept))

        def numbers(first: int, end: int) -> Iterator[tuple[int, None]]:
            return ((number, None) for number in range(first, end))

        def write(number: int, grouped: dict[str, Any]) -> Counts:
            return write_rejects(folder, number, names, merge_named(list(grouped["duplicates"])))

        found = (
            blocks
            | "Split hashes" >> beam.FlatMapTuple(hashes)
            | "Bucket" >> beam.GroupByKey()
            | "Find copies" >> beam.FlatMapTuple(duplicates)
            | "By shard of the kept" >> beam.GroupByKey()
            | "Name the kept" >> beam.FlatMapTuple(named)
        )
        return (
            {"shard": blocks | "Numbers" >> beam.FlatMapTuple(numbers), "duplicates": found}
            | beam.CoGroupByKey()
            | "Write rejects" >> beam.MapTuple(write)
            | WriteStageCounts(folder.counts(DEDUPLICATE.name))
        )
