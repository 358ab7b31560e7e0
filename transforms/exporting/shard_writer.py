"""Writing one output shard: order its rows, read its images, append its members, leave its statistics."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.datasets import UNDETERMINED
from transforms.exporting import energon
from transforms.exporting.images import ImageCopier, ImagePlaces, decodes_groups, in_store
from transforms.exporting.manifest import ShardStats, shard_file, write_stats
from transforms.exporting.members import describe
from transforms.exporting.rows import read_openings
from transforms.exporting.settings import ExportSettings
from transforms.hashed_stream import HashedStream
from transforms.reading.input_shard import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder
from transforms.tar.layout import TarBuffer, TarLayout
from transforms.tar.writer import end_of_archive

# Two windows are held at a time, one being read and one being written. Where images are decoded in groups, each window
# decodes every group that it touches, so its windows are larger.
_WINDOW_BYTES = 4 << 20
_STORE_WINDOW_BYTES = 32 << 20  # some 300 images, so that 64 are in flight until the next window is begun
_GROUPS_WINDOW_BYTES = 256 << 20
_DESCRIBED = 4096  # samples described together, by column: some 6 KB of memory each at the peak


class _Window(NamedTuple):
    """Consecutive samples as they stand in the tar, when ``copying`` is done."""

    blocks: NDArray[np.uint8]  # (B, 512)
    sample_ends: NDArray[np.int64]  # (samples,) bytes from the window's beginning
    copying: list[Future[None]]


class ShardWriter:
    """Writes output shards of one export, one after another; keeps its memory and the names of concepts.

    The buffers serve one shard after another.
    """

    def __init__(self, folder: RunFolder, settings: ExportSettings, sources: Mapping[str, SourceSettings]) -> None:
        self._folder = folder
        self._settings = settings
        self._sources = sources
        self._buffers = itertools.cycle([TarBuffer(_WINDOW_BYTES), TarBuffer(_WINDOW_BYTES)])

    @functools.cached_property
    def _concepts(self) -> pa.LargeStringArray:
        return read_openings(self._folder)

    def write(self, number: int, parts: Iterable[tuple[InputShard, pa.Table]]) -> ShardStats:
        """Write output shard ``number`` from its rows of each input shard, given in any order.

        The tar appears first, then Energon's index of it, then the statistics that say that both are whole.
        Raises InputError for an image that is not what was annotated.
        """
        folder, settings = self._folder, self._settings
        inputs, samples = _in_order(parts)
        file = shard_file(settings.name, number)
        offsets = [0]
        with (
            (folder.shards / file).atomic_writer() as stream,
            ImageCopier(inputs, self._sources, settings.read_threads) as copier,
        ):
            tar = HashedStream(stream)
            for window in _read_ahead(self._windows(samples, copier, _window_bytes(inputs, self._sources))):
                for copied in window.copying:
                    copied.result()
                offsets += (tar.size_bytes + window.sample_ends).tolist()
                tar.write(window.blocks)
            tar.write(end_of_archive(tar.size_bytes))
        energon.write_index(folder.shards, file, offsets)
        stats = ShardStats(
            file=file,
            samples=len(samples),
            bytes=tar.size_bytes,
            sha256=tar.hexdigest(),
            sources=_tally(samples, "source"),
            languages=_tally(samples, "lang"),
            formats=_tally(samples, "format"),
        )
        write_stats(folder.shards, stats, folder.fingerprint)
        return stats

    def _windows(self, samples: pa.Table, copier: ImageCopier, window_bytes: int) -> Iterator[_Window]:
        """All samples of the shard, in order, the images of each window being copied.

        Windows lie in two buffers in turn: a window must be written before the next but one is asked for.
        """
        # A window does not reach beyond these
        described = 16 * _DESCRIBED if window_bytes == _GROUPS_WINDOW_BYTES else _DESCRIBED
        for first in range(0, len(samples), described):
            some = samples.slice(first, described)
            images = ImagePlaces.of(some)
            layout = TarLayout.of(describe(some, self._concepts), images.size_bytes)
            for begin, end in layout.windows(window_bytes):
                blocks, targets = layout.blocks(begin, end, next(self._buffers))
                yield _Window(blocks, layout.ends(begin, end), copier.start(images, begin, end, targets))


def _window_bytes(inputs: list[InputShard], sources: Mapping[str, SourceSettings]) -> int:
    if any(decodes_groups(part, sources) for part in inputs):
        return _GROUPS_WINDOW_BYTES
    return _STORE_WINDOW_BYTES if any(map(in_store, inputs)) else _WINDOW_BYTES


def _read_ahead(windows: Iterator[_Window]) -> Iterator[_Window]:
    """Each window as soon as the next one is being read."""
    waiting = None
    for window in windows:
        if waiting:
            yield waiting
        waiting = window
    if waiting:
        yield waiting


def _in_order(parts: Iterable[tuple[InputShard, pa.Table]]) -> tuple[list[InputShard], pa.Table]:
    """The input shards, sorted, and all rows by place, with the column ``part``: the index of the input shard."""
    in_order = sorted(parts, key=lambda part: (part[0].source, part[0].name))
    tables = [
        table.append_column("part", pa.array([index] * len(table), pa.int64()))
        for index, (_, table) in enumerate(in_order)
    ]
    # part, key and copy decide only between samples whose 64-bit ids collide
    by = [(column, "ascending") for column in ("place", "part", "key", "copy")]
    return [shard for shard, _ in in_order], pa.concat_tables(tables).sort_by(by)


def _tally(samples: pa.Table, column: str) -> dict[str, int]:
    return dict(sorted(Counter(value or UNDETERMINED for value in samples.column(column).to_pylist()).items()))
