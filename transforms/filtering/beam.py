"""Filter as a Beam transform: a shard an element, and captions shuffled only where they are counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from numpy.typing import NDArray

from transforms.beam import WriteStageCounts
from transforms.datasets import ShardName
from transforms.filtering.common_captions import Captions, find_common, split_captions
from transforms.filtering.rules import rules_of
from transforms.filtering.settings import FilterSettings
from transforms.filtering.shards import done_before, filter_shard, read_captions
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.stages import FILTER


class Filter(beam.PTransform):  # type: ignore[misc]
    """PCollection[(number, ShardName)] → rejects/filter/…, and the stage's counts left for the driver."""

    def __init__(self, folder: RunFolder, settings: FilterSettings, blocked: Sequence[str]) -> None:
        """``blocked``: what the list of blocked words holds; empty where there is none."""
        super().__init__()
        self._folder = folder
        self._settings = settings
        self._blocked = tuple(blocked)

    def expand(self, shards: beam.PCollection[tuple[int, ShardName]]) -> beam.PCollection[None]:
        folder, settings, blocked = self._folder, self._settings, self._blocked
        most = settings.max_caption_images

        def by_itself(numbered: tuple[int, ShardName]) -> Counts:
            name = numbered[1]
            return done_before(folder, name) or filter_shard(folder, name, rules_of(settings, blocked))

        def captions(numbered: tuple[int, ShardName]) -> Iterator[tuple[int, Captions]]:
            return split_captions(read_captions(folder, *numbered), settings.partitions)

        def common(part: tuple[int, Iterable[Captions]]) -> Iterator[tuple[int, NDArray[np.uint64]]]:
            assert most is not None
            return find_common(list(part[1]), most)

        def with_common(element: tuple[int, dict[str, Any]]) -> Counts:
            (name,), hashes = element[1]["shard"], list(element[1]["common"])
            together = np.concatenate(hashes) if hashes else np.empty(0, np.uint64)
            return done_before(folder, name) or filter_shard(folder, name, rules_of(settings, blocked, together))

        if most is None:
            counts = shards | "Filter shard" >> beam.Map(by_itself)
        else:
            found = (
                shards
                | "Count captions" >> beam.FlatMap(captions)
                | "Same captions" >> beam.GroupByKey()
                | "Find common" >> beam.FlatMap(common)
            )
            together = {"shard": shards, "common": found} | beam.CoGroupByKey()
            counts = together | "Filter shard" >> beam.Map(with_common)
        return counts | WriteStageCounts(folder.counts(FILTER.name))
