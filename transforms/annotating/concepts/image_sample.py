"""A sample of the images, embedded before any is annotated: what an index is measured by, and hubs are told by.

Some shards are chosen by their keyed hash, and of each the first images are read: a look into every shard would read as
much as annotating does. Who stores samples in an order of their own, all cats in one shard, has the more shards looked
into the more there are, up to a bound.

Shape legend: S images of the sample, D embedding width.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transforms.annotating.embedder import Embedder
from transforms.arrays_at_rest import as_array, read_mapped, write_array
from transforms.errors import InputError
from transforms.keyed import hash64
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath

IMAGES = 2048
_MOST_SHARDS = 128
_PURPOSE = "sample of images"


def choose(shards: Sequence[InputShard]) -> list[InputShard]:
    """Those looked into, each with a limit to what is read of it."""
    ordered = sorted(shards, key=lambda shard: hash64(_PURPOSE, shard.source, shard.name))[:_MOST_SHARDS]
    each = -(-IMAGES // len(ordered))
    return [dataclasses.replace(shard, limit=min(each, shard.limit or each)) for shard in ordered]


def part(folder: StoragePath, number: int) -> StoragePath:
    return folder / f"images-{number:06d}.npy"


def embed_sample(embedder: Embedder, shard: InputShard, source: SourceSettings, path: StoragePath) -> None:
    """Leaves the embeddings of the shard's images, up to its limit."""
    stream = embedder.stream(shard.limit)
    chunks = [*stream.add(shard, source), *stream.finish()]
    write_array(path, np.concatenate([chunk.embeddings.cpu().numpy() for chunk in chunks]))


def read_sample(folder: StoragePath, parts: int) -> NDArray[np.float32]:
    """(S, D). Raises InputError where no image could be read."""
    paths = [part(folder, number) for number in range(parts)]
    sample = np.concatenate([as_array(path, read_mapped(path)) for path in paths]).astype(np.float32)
    if not len(sample):
        raise InputError(
            f"none of the first images of {parts} shards can be read, and retrieval.index or hub_correction is "
            "measured by them. Look at the inputs, or leave these settings out."
        )
    return sample
