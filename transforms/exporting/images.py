"""The original bytes of an output shard's images, in its order, read ahead by a few threads.

The samples of an output shard lie scattered over the input shards of a block. They are read in windows of its order;
within a window the reads are grouped by input shard and go forward through it, so that an input shard is opened once a
window, a Parquet row group is decoded once, and no more files are open than there are threads. The next window is read
while the last one is written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from transforms.errors import InputError
from transforms.reading.random_access import ImageReader
from transforms.reading.settings import SourceSettings
from transforms.reading.shards import InputShard

# Two windows are held at a time. Small ones stay in the processor's cache, and their memory is used again: 4 MB export
# 1.2 times as fast as 16. But of Parquet each window decodes every row group that it touches, so fewer are better.
_WINDOW_BYTES = 4 << 20
_PARQUET_WINDOW_BYTES = 256 << 20
_READS_OF_A_TASK = 64  # few enough that the threads share a window evenly

#: Rows, and their images being read.
_Task = tuple[NDArray[np.int64], Future[list[bytes]]]


@dataclass(frozen=True)
class ImagePlaces:
    """Where M images lie, in the order in which they are wanted."""

    part: NDArray[np.int64]  # (M,) index of the input shard
    offset: NDArray[np.int64]  # (M,)
    size_bytes: NDArray[np.int64]  # (M,)
    key: Sequence[str]
    content_hash: Sequence[bytes]

    @classmethod
    def of(cls, samples: pa.Table) -> ImagePlaces:
        """From the columns ``part``, ``member_offset``, ``member_bytes``, ``key`` and ``content_hash``."""
        return cls(
            samples.column("part").to_numpy(),
            samples.column("member_offset").to_numpy(),
            samples.column("member_bytes").to_numpy(),
            samples.column("key").to_pylist(),
            samples.column("content_hash").to_pylist(),
        )


def read_images(
    parts: Sequence[InputShard], sources: Mapping[str, SourceSettings], images: ImagePlaces, threads: int
) -> Iterator[bytes]:
    """The images in order; raises InputError for one that is not what was annotated."""
    parquet = any(part.format == "parquet" for part in parts)
    window_bytes = _PARQUET_WINDOW_BYTES if parquet else _WINDOW_BYTES
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[list[_Task]] = deque()
        try:
            for begin, end in _windows(images.size_bytes, window_bytes):
                waiting.append(_read_window(pool, parts, sources, images, begin, end))
                if len(waiting) > 1:
                    yield from _in_order(waiting.popleft())
            while waiting:
                yield from _in_order(waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def _windows(size_bytes: NDArray[np.int64], window_bytes: int) -> Iterator[tuple[int, int]]:
    """(M,) sizes → ranges of consecutive images of at most ``window_bytes``, or of one image."""
    end_bytes = np.cumsum(size_bytes)
    begin = 0
    while begin < len(size_bytes):
        before = end_bytes[begin - 1] if begin else 0
        end = max(int(np.searchsorted(end_bytes, before + window_bytes, side="right")), begin + 1)
        yield begin, end
        begin = end


def _read_window(
    pool: ThreadPoolExecutor,
    parts: Sequence[InputShard],
    sources: Mapping[str, SourceSettings],
    images: ImagePlaces,
    begin: int,
    end: int,
) -> list[_Task]:
    """Start reading images ``begin`` to ``end``, by input shard and rising offset."""
    tasks = []
    order = begin + np.lexsort((images.offset[begin:end], images.part[begin:end]))
    for of_part in np.split(order, np.flatnonzero(np.diff(images.part[order])) + 1):
        part = parts[images.part[of_part[0]]]
        reads = len(of_part) if part.format == "parquet" else _READS_OF_A_TASK  # a row group is decoded by one task
        for first in range(0, len(of_part), reads):
            rows = of_part[first : first + reads]
            tasks.append((rows, pool.submit(_read_part, part, sources[part.source], images, rows)))
    return tasks


def _in_order(tasks: list[_Task]) -> Iterator[bytes]:
    """The images of a window when they have been read, by rising row."""
    found = {row: data for rows, read in tasks for row, data in zip(rows.tolist(), read.result(), strict=True)}
    return (found[row] for row in sorted(found))


def _read_part(part: InputShard, source: SourceSettings, images: ImagePlaces, rows: NDArray[np.int64]) -> list[bytes]:
    """Some images of one input shard."""
    found = []
    row = int(rows[0])
    try:
        with ImageReader(part, source) as reader:
            for row in rows.tolist():
                data = reader.read(int(images.offset[row]), int(images.size_bytes[row]))
                if xxhash.xxh3_128_digest(data) != images.content_hash[row]:
                    raise InputError(f"{part.path}: its bytes are not those that were annotated")
                found.append(data)
    except (InputError, OSError) as error:
        raise InputError(
            f"cannot export image {images.key[row]} of source {part.source}: {error}. Restore the input as it was "
            "annotated and run the same command again, or start a new run folder."
        ) from error
    return found
