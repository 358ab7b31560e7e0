"""The original bytes of images, copied from the input shards into their places in an output shard by a few threads.

The samples of an output shard lie scattered over the input shards of a block. They are read in windows of its order;
within a window the reads are grouped by input shard and go forward through it.
"""

from __future__ import annotations

import contextlib
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
from transforms.reading.settings import SourceSettings


def decodes_groups(part: InputShard, sources: Mapping[str, SourceSettings]) -> bool:
    """Whether images of an input shard are decoded together with their neighbours."""
    return FORMATS[part.format].decodes_groups(sources[part.source])


def _most_open() -> int:
    """Input shards held open by this process: half of the files that it may open, 1,024 on most systems."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 512 if limit == resource.RLIM_INFINITY else min(512, limit // 2)


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
    """Copies images of some input shards into buffers. A context manager, which holds the shards open."""

    def __init__(self, parts: Sequence[InputShard], sources: Mapping[str, SourceSettings], threads: int) -> None:
        self._parts = parts
        self._sources = sources
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "read")
        self._open: dict[int, ImageReader] = {}
        self._opening = threading.Lock()

    def start(self, images: ImagePlaces, begin: int, end: int, targets: Sequence[memoryview]) -> list[Future[None]]:
        """Begin to copy images ``begin`` to ``end``, each into its target, which has its size.

        The futures raise InputError for an image that is not what was annotated.
        """
        rows = begin + np.lexsort((images.offset[begin:end], images.part[begin:end]))
        bounds = self._shares(images.part[rows])
        return [
            self._pool.submit(self._copy, images, rows[first:last], [targets[row - begin] for row in rows[first:last]])
            for first, last in itertools.pairwise(bounds)
        ]

    def _shares(self, part: NDArray[np.int64]) -> list[int]:
        """(M,) rising input shards of images → where the share of each thread begins, and M.

        Even shares; but no two threads read the same shard where each would decode its groups of images.
        """
        bounds = {0, len(part)}
        for bound in np.linspace(0, len(part), self._threads + 1).astype(np.int64)[1:-1].tolist():
            whole = decodes_groups(self._parts[part[bound]], self._sources)
            bounds.add(int(np.searchsorted(part, part[bound])) if whole else bound)
        return sorted(bounds)

    def _copy(self, images: ImagePlaces, rows: NDArray[np.int64], targets: Sequence[memoryview]) -> None:
        """Images in order of input shards."""
        row, part = -1, self._parts[0]
        try:
            reads = zip(rows.tolist(), images.part[rows].tolist(), images.offset[rows].tolist(), targets, strict=True)
            for index, of_part in itertools.groupby(reads, key=operator.itemgetter(1)):
                row, part = -1, self._parts[index]
                with self._reader(index) as reader:
                    for row, _, offset, target in of_part:
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
        if index in self._open:
            yield self._open[index]
            return
        part = self._parts[index]
        with contextlib.ExitStack() as closing:
            reader = closing.enter_context(ImageReader(part, self._sources[part.source]))
            if not decodes_groups(part, self._sources) and _OPEN.acquire(blocking=False):
                with self._opening:
                    kept = self._open.setdefault(index, reader)
                if kept is reader:
                    closing.pop_all()
                else:  # another thread was faster
                    _OPEN.release()
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
