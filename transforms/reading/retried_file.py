"""Input files as streams that can be sought in, from disks and from stores.

In a store each read is whole or an error (:mod:`transforms.reading.range_reader`), and what is known to come next is
fetched before it is asked for (:mod:`transforms.reading.ranges_ahead`).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from transforms.errors import InputReadError
from transforms.reading.range_reader import RangeReader, cannot_open, changed_size
from transforms.reading.ranges_ahead import RangesAhead
from transforms.storage import StoragePath


class RetriedFile(io.RawIOBase):
    """A file for positioned reads, each of which is whole unless the file ends; one thread at a time.

    Files on this machine's disks are read once: there a second attempt is like the first. Raises InputReadError where
    the bytes do not come, FileNotFoundError where there is no file, and InputError when it has not ``expected_bytes``.
    """

    def __init__(self, path: StoragePath, expected_bytes: int | None = None) -> None:
        self._path = path
        self._offset = 0
        self._source: _LocalFile | RangesAhead | None = None  # None when closed
        if path.root:
            self._reader = RangeReader(path, expected_bytes)
            self._source, self.size_bytes = RangesAhead(self._reader), self._reader.size_bytes
        else:
            self._source = local = _LocalFile(path, expected_bytes)
            self.size_bytes = local.size_bytes

    def begin(self) -> None:
        """What stands first will be read, as far as can be known before :meth:`plan`: in a store it is fetched now."""
        if isinstance(self._source, RangesAhead):
            self._source.begin()

    def plan(self, stretches: Iterable[tuple[int, int]]) -> None:
        """Stretches (begin, end) that will be read next, each once: in a store they are fetched ahead."""
        if isinstance(self._source, RangesAhead):
            self._source.plan(stretches)

    def readinto(self, buffer: Any) -> int:
        if self._source is None:
            raise ValueError(f"{self._path} is closed")
        view = memoryview(buffer).cast("B")
        wanted = max(min(len(view), self.size_bytes - self._offset), 0)
        if isinstance(self._source, RangesAhead):
            filled = 0
            for piece in self._source.read(self._offset, wanted):
                view[filled : filled + len(piece)] = piece
                filled += len(piece)
        else:
            filled = self._source.read_into(self._offset, view[:wanted])
        self._offset += filled
        return filled

    def read(self, size: int | None = -1) -> bytes:
        left = max(self.size_bytes - self._offset, 0)
        wanted = left if size is None or size < 0 else min(size, left)
        if isinstance(self._source, RangesAhead):  # memory that need not be cleared first
            data = b"".join(self._source.read(self._offset, wanted))
            self._offset += len(data)
            return data
        cleared = bytearray(wanted)
        self.readinto(cleared)
        return bytes(cleared)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self.size_bytes}[whence]
        self._offset = base + offset
        return self._offset

    def tell(self) -> int:
        return self._offset

    def close(self) -> None:
        if self._source is not None:
            self._source.close()
            if isinstance(self._source, RangesAhead):
                self._reader.close()
            self._source = None
        super().close()


class _LocalFile:
    """A file of this machine; raises as :class:`RetriedFile` does."""

    def __init__(self, path: StoragePath, expected_bytes: int | None) -> None:
        self._path = path
        try:
            self._file = path.open_random()
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as error:
            raise cannot_open(path, error) from error
        self._at = 0  # where the next read begins, unless it is sought
        self.size_bytes = int(self._file.size())
        if expected_bytes is not None and self.size_bytes != expected_bytes:
            self.close()
            raise changed_size(path, self.size_bytes, expected_bytes)

    def read_into(self, offset: int, view: memoryview) -> int:
        filled = 0
        try:
            if offset != self._at:
                self._file.seek(offset)
            while filled < len(view):
                if not (read_bytes := int(self._file.readinto(view[filled:]))):
                    raise self._stopped(offset + filled, "no more bytes came")
                filled += read_bytes
        except OSError as error:
            raise self._stopped(offset + filled, str(error)) from error
        finally:
            self._at = offset + filled
        return filled

    def _stopped(self, offset: int, cause: str) -> InputReadError:
        return InputReadError(
            f"{self._path}: reading stopped at byte {offset} of {self.size_bytes} ({cause}). Check the disk, and run "
            "the same command again."
        )

    def close(self) -> None:
        self._file.close()


def open_input(path: StoragePath) -> pa.NativeFile | RetriedFile:
    """For readers of Arrow: its own file where that lies on a disk, which costs no way through Python."""
    return RetriedFile(path) if path.root else path.open_random()


def read_input(path: StoragePath) -> bytes:
    """A whole file; raises as :class:`RetriedFile` does."""
    with RetriedFile(path) as file:
        return file.read()
