"""Drawing the miniature corpus on many workers."""

from __future__ import annotations

import apache_beam as beam

from transforms.miniature.corpus import write_shard
from transforms.miniature.settings import MiniatureSettings
from transforms.rejects import Counts
from transforms.storage import StoragePath


class DrawMiniature(beam.PTransform):  # type: ignore[misc]
    """PCollection[int] of shard numbers → PCollection[Counts], one a shard."""

    def __init__(self, folder: StoragePath, settings: MiniatureSettings) -> None:
        super().__init__()
        self._folder = folder
        self._settings = settings

    def expand(self, shards: beam.PCollection[int]) -> beam.PCollection[Counts]:
        folder, settings = self._folder, self._settings
        return shards | "Draw shards" >> beam.Map(lambda shard: write_shard(folder, shard, settings))
