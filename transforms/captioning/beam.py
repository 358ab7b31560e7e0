"""Captions on Beam: replies that are in the cache → the files of each shard."""

from __future__ import annotations

import apache_beam as beam

from transforms.beam import WriteStageCounts
from transforms.captioning.part import CaptionParts
from transforms.datasets import ShardName
from transforms.storage import StoragePath


class WriteCaptions(beam.PTransform):  # type: ignore[misc]
    """PCollection[ShardName] → captions/…, and the counts of captions at ``path``."""

    def __init__(self, parts: CaptionParts, path: StoragePath) -> None:
        super().__init__()
        self._parts = parts
        self._path = path

    def expand(self, names: beam.PCollection[ShardName]) -> beam.PCollection[None]:
        return names | "Judge" >> beam.Map(self._parts.judge) | WriteStageCounts(self._path)
