"""Input files read to the last byte that they are known to have, over connections that break.

Object stores state the size of a file before they send it. Where less comes, or an error in its place, the file is not
to blame: what is missing is asked for again, a few times, and then the failure is reported as what it is.
"""

from __future__ import annotations

import io
import os
import time
from typing import Any

import pyarrow as pa

from transforms.errors import InputError, InputReadError
from transforms.storage import StoragePath

#: Seconds to wait before each further attempt. Arrow's S3 client itself tries some thirty times before it reports one.
_PAUSES_SECS = (0.5, 2.0)


class RetriedFile(io.RawIOBase):
    """A file for positioned reads, each of which is whole unless the file ends; one thread at a time.

    Files on this machine's disks are read once: there a second attempt is like the first. Raises InputReadError where
    the bytes do not come, FileNotFoundError where there is no file, and InputError when it has not ``expected_bytes``.
    """

    def __init__(self, path: StoragePath, expected_bytes: int | None = None) -> None:
        self._path = path
        self._file: pa.NativeFile | None = None
        self._offset = 0
        self._moved = False  # by a seek: reading begins elsewhere than the last one ended
        self.size_bytes = expected_bytes or 0
        try:
            self._file = path.open_random()
            self.size_bytes = int(self._file.size())
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as error:
            raise InputReadError(f"cannot open {path}: {error}. Check the connection and your rights to it.") from error
        if expected_bytes is not None and self.size_bytes != expected_bytes:
            self.close()
            raise InputError(
                f"{path} has {self.size_bytes} bytes, had {expected_bytes} when it was listed: it was changed since. "
                "Run the same command again when nothing writes to it."
            )

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(min(len(view), self.size_bytes - self._offset), 0)
        filled, failures = 0, 0
        pauses_secs = _PAUSES_SECS if self._path.root else ()
        while filled < wanted:
            read_bytes, cause = self._try(view[filled:wanted])
            filled += read_bytes
            self._offset += read_bytes
            if read_bytes:
                failures = 0
                continue
            if failures == len(pauses_secs):
                raise InputReadError(
                    f"{self._path}: reading stopped at byte {self._offset} of {self.size_bytes} ({cause}). The file is "
                    "as long as ever. Check the connection and the storage, and run the same command again."
                )
            time.sleep(pauses_secs[failures])
            failures += 1
        return filled

    def _try(self, view: memoryview) -> tuple[int, str]:
        """Bytes read at the offset, by a new request where the last one failed; if none, why not."""
        try:
            if self._file is None:
                self._file, self._moved = self._path.open_random(), True
            if self._moved:
                self._file.seek(self._offset)
                self._moved = False
            if read_bytes := int(self._file.readinto(view)):
                return read_bytes, ""
            cause = "no more bytes came"
        except OSError as error:
            cause = str(error)
        if self._file is not None:
            self._file.close()
            self._file = None
        return 0, cause

    def read(self, size: int | None = -1) -> bytes:
        left = max(self.size_bytes - self._offset, 0)
        data = bytearray(left if size is None or size < 0 else min(size, left))
        self.readinto(data)
        return bytes(data)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self.size_bytes}[whence]
        self._offset, self._moved = base + offset, True
        return self._offset

    def tell(self) -> int:
        return self._offset

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()


def open_input(path: StoragePath) -> pa.NativeFile | RetriedFile:
    """For readers of Arrow: its own file where that lies on a disk, which costs no way through Python."""
    return RetriedFile(path) if path.root else path.open_random()


def read_input(path: StoragePath) -> bytes:
    """A whole file; raises as :class:`RetriedFile` does."""
    with RetriedFile(path) as file:
        return file.read()
