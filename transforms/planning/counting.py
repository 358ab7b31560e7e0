"""How many images there are, without reading them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import groupby

from transforms.errors import InputError
from transforms.reading.formats import FORMATS
from transforms.reading.input_shard import InputShard
from transforms.reading.samples import read_samples
from transforms.reading.settings import SourceSettings

#: Of each source, read whole where its format does not tell: the first and the last.
_READ_SHARDS = 2


def count_images(shards: Sequence[InputShard], sources: Mapping[str, SourceSettings]) -> float:
    """Of all sources: counted where the format tells, else as many a byte as in some shards of the source.

    ``shards`` of one source stand together.
    """
    return sum(_of_source(list(members), sources[name]) for name, members in groupby(shards, lambda one: one.source))


def _of_source(shards: list[InputShard], source: SourceSettings) -> float:
    known = FORMATS[source.format]
    if known.is_counted and (counted := known.most_samples(shards)) is not None:
        return float(counted)
    read = [shards[0], shards[-1]][: min(_READ_SHARDS, len(shards))]
    samples = sum(sum(1 for _ in read_samples(dataclasses.replace(shard, limit=None), source)) for shard in read)
    read_bytes = sum(shard.size_bytes for shard in read)
    if not samples or not read_bytes:
        raise InputError(f"source {source.name}: {read[0].path} holds no sample to go by")
    return samples * sum(shard.size_bytes for shard in shards) / read_bytes
