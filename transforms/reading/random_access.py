"""The original bytes of chosen images, by positioned reads."""

from __future__ import annotations

import bisect
import itertools
import threading
from collections import OrderedDict
from typing import Protocol

import pyarrow as pa

from transforms.errors import InputError
from transforms.reading.listing import InputShard
from transforms.reading.parquet import image_bytes, open_parquet
from transforms.reading.retried_file import RetriedFile, open_input, read_input
from transforms.reading.settings import SourceSettings

_CACHED_ROW_GROUPS = 2  # enough for reads in order of rows and for two such passes at once


class _Images(Protocol):
    def read_into(self, member_offset: int, target: memoryview) -> int:
        """Fill ``target`` with the image, if that is its size; returns the size."""
        ...

    def close(self) -> None: ...


class ImageReader:
    """Images of one shard by ``member_offset`` and ``member_bytes`` of its samples, exactly as they are stored.

    A context manager. Threads may share one reader: reads take turns. Reading in order of offsets is fastest, and for
    Parquet much faster, since a whole row group is read at once.
    """

    def __init__(self, shard: InputShard, source: SourceSettings) -> None:
        self._shard = shard
        self._lock = threading.Lock()
        try:
            self._images = _open(shard, source)
        except FileNotFoundError as error:
            raise InputError(f"source {shard.source}: {shard.path} is gone since it was annotated") from error

    def read(self, member_offset: int, member_bytes: int) -> bytes:
        """Raises InputError when the file is not the one that was annotated, InputReadError when it cannot be read."""
        data = bytearray(member_bytes)
        self.read_into(member_offset, memoryview(data))
        return bytes(data)

    def read_into(self, member_offset: int, target: memoryview) -> None:
        """Put the image where it is wanted; ``target`` has its size. Raises as :meth:`read` does."""
        with self._lock:
            try:
                found_bytes = self._images.read_into(member_offset, target)
            except (FileNotFoundError, IndexError) as error:
                raise InputError(f"{self._shard.path}: no image {member_offset}: the input was changed") from error
        if found_bytes != len(target):
            raise InputError(
                f"{self._shard.path}: image {member_offset} has {found_bytes} bytes, had {len(target)} when it was "
                "annotated: the input was changed"
            )

    def close(self) -> None:
        self._images.close()

    def __enter__(self) -> ImageReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _open(shard: InputShard, source: SourceSettings) -> _Images:
    if shard.format == "webdataset":
        return _TarImages(shard)
    if shard.format == "parquet":
        return _ParquetImages(shard, source.image_column)
    return _FolderImages(shard)


def _fill(target: memoryview, data: bytes) -> int:
    if len(data) == len(target):
        target[:] = data
    return len(data)


class _TarImages:
    def __init__(self, shard: InputShard) -> None:
        self._file = RetriedFile(shard.path)

    def read_into(self, member_offset: int, target: memoryview) -> int:
        self._file.seek(member_offset)
        return self._file.readinto(target)

    def close(self) -> None:
        self._file.close()


class _FolderImages:
    def __init__(self, shard: InputShard) -> None:
        self._shard = shard

    def read_into(self, member_offset: int, target: memoryview) -> int:
        return _fill(target, read_input(self._shard.file(self._shard.files[member_offset])))

    def close(self) -> None:
        pass


class _ParquetImages:
    def __init__(self, shard: InputShard, image_column: str) -> None:
        self._path = shard.path
        self._stream = open_input(shard.path)
        self._file = open_parquet(self._stream, shard.path)
        self._column = image_column
        metadata = self._file.metadata
        rows = (metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
        self._first_rows = list(itertools.accumulate(rows, initial=0))  # one more than there are groups
        self._groups: OrderedDict[int, pa.ChunkedArray] = OrderedDict()

    def read_into(self, member_offset: int, target: memoryview) -> int:
        group = bisect.bisect_right(self._first_rows, member_offset) - 1
        if group >= len(self._first_rows) - 1:
            raise IndexError(member_offset)
        return _fill(target, self._row_group(group)[member_offset - self._first_rows[group]].as_py() or b"")

    def _row_group(self, group: int) -> pa.ChunkedArray:
        if group not in self._groups:
            try:
                table = self._file.read_row_group(group, columns=[self._column], use_threads=False)
            except (pa.ArrowInvalid, OSError) as error:
                raise InputError(f"{self._path}: row group {group} is damaged: {error}") from error
            column = table.column(self._column)
            self._groups[group] = pa.chunked_array([image_bytes(chunk) for chunk in column.chunks])
            while len(self._groups) > _CACHED_ROW_GROUPS:
                self._groups.popitem(last=False)
        self._groups.move_to_end(group)
        return self._groups[group]

    def close(self) -> None:
        self._stream.close()
