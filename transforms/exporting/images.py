"""The original bytes of images, copied from the input shards into their places in an output shard by a few threads.

The samples of an output shard lie scattered over the input shards of a block. They are read in windows of its order;
within a window the reads are grouped by input shard and go forward through it. From a store each image is a request of
its own, or each few that lie close together, and many requests are in flight.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import operator
import resource
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from transforms.errors import InputError, InputReadError
from transforms.reading.formats import FORMATS
from transforms.reading.input_shard import InputShard
from transforms.reading.random_access import ImageReader
from transforms.reading.ranges_ahead import MOST_GAP_BYTES, RANGE_BYTES
from transforms.reading.settings import SourceSettings


def decodes_groups(part: InputShard, sources: Mapping[str, SourceSettings]) -> bool:
    """Whether images of an input shard are decoded together with their neighbours."""
    return FORMATS[part.format].decodes_groups(sources[part.source])


def in_store(part: InputShard) -> bool:
    """Whether an input shard lies where each request is answered late, and many are answered at once."""
    return bool(part.path.root)


def _most_open() -> int:
    """Input shards held open by this process: half of the files that it may open, 1,024 on most systems."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 512 if limit == resource.RLIM_INFINITY else min(512, limit // 2)


_THREADS_OF_DISKS, _THREADS_OF_STORES = 2, 64
_OPEN = threading.BoundedSemaphore(_most_open())


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


class ImageCopier:
    """Copies images of some input shards into buffers. A context manager, which holds the shards open.

    ``threads``: None for as many as suit the place where the shards lie.
    """

    def __init__(
        self, parts: Sequence[InputShard], sources: Mapping[str, SourceSettings], threads: int | None = None
    ) -> None:
        self._parts = parts
        self._sources = sources
        self._threads = threads or (_THREADS_OF_STORES if any(map(in_store, parts)) else _THREADS_OF_DISKS)
        self._pool = ThreadPoolExecutor(self._threads, "read")
        self._open: dict[int, ImageReader] = {}
        self._opening = [threading.Lock() for _ in parts]

    def start(self, images: ImagePlaces, begin: int, end: int, targets: Sequence[memoryview]) -> list[Future[None]]:
        """Begin to copy images ``begin`` to ``end``, each into its target, which has its size.

        The futures raise InputError for an image that is not what was annotated.
        """
        rows = begin + np.lexsort((images.offset[begin:end], images.part[begin:end]))
        bounds = self._shares(images.part[rows]) if not self._all_in_stores else self._ranges(images, rows)
        return [
            self._pool.submit(self._copy, images, rows[first:last], [targets[row - begin] for row in rows[first:last]])
            for first, last in itertools.pairwise(bounds)
        ]

    @functools.cached_property
    def _all_in_stores(self) -> bool:
        return all(in_store(part) and not decodes_groups(part, self._sources) for part in self._parts)

    def _shares(self, part: NDArray[np.int64]) -> list[int]:
        """(M,) rising input shards of images → where the share of each thread begins, and M.

        Even shares; but no two threads read the same shard where each would decode its groups of images.
        """
        bounds = {0, len(part)}
        for bound in np.linspace(0, len(part), self._threads + 1).astype(np.int64)[1:-1].tolist():
            whole = decodes_groups(self._parts[part[bound]], self._sources)
            bounds.add(int(np.searchsorted(part, part[bound])) if whole else bound)
        return sorted(bounds)

    def _ranges(self, images: ImagePlaces, rows: NDArray[np.int64]) -> list[int]:
        """(M,) images in order of shards and offsets → where each request to a store begins, and M."""
        part, first = images.part[rows].tolist(), images.offset[rows].tolist()
        end = (images.offset[rows] + images.size_bytes[rows]).tolist()
        bounds = [0]
        for row in range(1, len(rows)):
            begun = bounds[-1]
            if not (
                part[row] == part[begun]
                and FORMATS[self._parts[part[row]].format].offsets_are_bytes
                and first[row] - end[row - 1] <= MOST_GAP_BYTES
                and end[row] - first[begun] <= RANGE_BYTES
            ):
                bounds.append(row)
        return [*bounds, len(rows)]

    def _copy(self, images: ImagePlaces, rows: NDArray[np.int64], targets: Sequence[memoryview]) -> None:
        """Images in order of input shards."""
        row, part = -1, self._parts[0]
        try:
            reads = zip(rows.tolist(), images.part[rows].tolist(), images.offset[rows].tolist(), targets, strict=True)
            for index, of_part in itertools.groupby(reads, key=operator.itemgetter(1)):
                row, part = -1, self._parts[index]
                with self._reader(index) as reader:
                    of_shard = list(of_part)
                    if self._all_in_stores and len(of_shard) > 1:
                        _read_together(reader, [(offset, target) for _, _, offset, target in of_shard])
                    for row, _, offset, target in of_shard:
                        if not self._all_in_stores or len(of_shard) == 1:
                            reader.read_into(offset, target)
                        if xxhash.xxh3_128_digest(target) != images.content_hash[row]:
                            raise InputError(f"{part.path}: its bytes are not those that were annotated")
        except (InputError, OSError) as error:
            image = f"image {images.key[row]}" if row >= 0 else "images"
            remedy = "Mend that and run the same command again."
            if isinstance(error, InputError) and not isinstance(error, InputReadError):
                remedy = (
                    "Restore the input as it was annotated and run the same command again, or start a new run folder."
                )
            raise InputError(f"cannot export {image} of source {part.source}: {error}. {remedy}") from error

    @contextlib.contextmanager
    def _reader(self, index: int) -> Iterator[ImageReader]:
        """The reader of an input shard; a new one each time where it keeps whole groups of images."""
        part = self._parts[index]
        if not decodes_groups(part, self._sources):
            with self._opening[index]:
                if index not in self._open and _OPEN.acquire(blocking=False):
                    try:
                        self._open[index] = ImageReader(part, self._sources[part.source])
                    except BaseException:
                        _OPEN.release()
                        raise
        if (kept := self._open.get(index)) is not None:
            yield kept
            return
        with ImageReader(part, self._sources[part.source]) as reader:
            yield reader

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        for reader in self._open.values():
            reader.close()
            _OPEN.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _read_together(reader: ImageReader, places: Sequence[tuple[int, memoryview]]) -> None:
    """Images of one file, in order of their bytes, by one request."""
    begin = places[0][0]
    stretch = memoryview(reader.read(begin, max(offset + len(target) for offset, target in places) - begin))
    for offset, target in places:
        target[:] = stretch[offset - begin : offset - begin + len(target)]
