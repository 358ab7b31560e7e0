"""Captions that stand on more images than they may, counted over the whole corpus by hashes, in arrays.

Of a shard go 16 bytes a distinct caption: what is common comes once a shard, not once an image. At a billion captions
the chance that any two share a hash is about 3 % (birthday bound), and those two would be counted as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from transforms.grouping import equal_rows
from transforms.keyed import hash64, mix64

#: A caption of one shard: its hash, the shard's number, and on how many of its images it stands.
CAPTION = np.dtype([("hash", "<u8"), ("shard", "<u4"), ("images", "<u4")])
Captions = NDArray[np.void]

_PURPOSE = "captions"


def caption_hashes(captions: pa.Array) -> NDArray[np.uint64]:
    """(N,) xxh3-64, letter for letter; null has one too, which is not to be looked at."""
    seed = hash64(_PURPOSE)
    return np.fromiter(
        (xxhash.xxh3_64_intdigest(text or "", seed) for text in captions.to_pylist()), np.uint64, len(captions)
    )


def count_captions(number: int, captions: pa.Array) -> Captions:
    """The distinct captions of shard ``number``, by their hash."""
    hashes, images = np.unique(caption_hashes(captions.drop_null()), return_counts=True)
    counted = np.empty(len(hashes), dtype=CAPTION)
    counted["hash"], counted["shard"], counted["images"] = hashes, number, images
    return counted


def split_captions(counted: Captions, partitions: int) -> Iterator[tuple[int, Captions]]:
    """By hash: what one caption counts in all shards meets in one part."""
    part = mix64(counted["hash"], 0, _PURPOSE) % np.uint64(partitions)
    for number, rows in equal_rows(part):
        yield number, counted[rows]


def find_common(parts: Sequence[Captions], most: int) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """The hashes of captions on more than ``most`` images, by the number of each shard that holds some."""
    counted = np.concatenate(parts)
    hashes, where = np.unique(counted["hash"], return_inverse=True)
    images = np.zeros(len(hashes), np.int64)  # not bincount with weights, which are floats
    np.add.at(images, where, counted["images"].astype(np.int64))
    common = counted[images[where] > most]
    for number, rows in equal_rows(common["shard"]):
        yield number, common["hash"][rows]
