"""Ranges of a file in a store, read to the last byte that they are known to have, over connections that break.

Object stores state the size of a file before they send it. Where less comes, or an error in its place, the file is not
to blame: what is missing is asked for again, a few times, and then the failure is reported as what it is.
"""

from __future__ import annotations

import threading
import time

import pyarrow as pa

from transforms.errors import InputError, InputReadError
from transforms.storage import StoragePath

#: Seconds to wait before each further attempt. Arrow's S3 client itself tries some thirty times before it reports one.
_PAUSES_SECS = (0.5, 2.0)


class RangeReader:
    """A file for positioned reads, each a request of its own: threads share a reader, and none waits for another.

    Raises InputReadError where the bytes do not come, FileNotFoundError where there is no file, and InputError when it
    has not ``expected_bytes``.
    """

    def __init__(self, path: StoragePath, expected_bytes: int | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._closed = False
        self._file: pa.NativeFile = self._open()
        self.size_bytes = int(self._file.size())
        if expected_bytes is not None and self.size_bytes != expected_bytes:
            self.close()
            raise changed_size(path, self.size_bytes, expected_bytes)

    def _open(self) -> pa.NativeFile:
        try:
            return self._path.open_random()
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError as error:
            raise cannot_open(self._path, error) from error

    def read(self, offset: int, size_bytes: int) -> bytes:
        """As many bytes, fewer only where the file ends."""
        wanted = max(min(size_bytes, self.size_bytes - offset), 0)
        pieces: list[bytes] = []
        read_bytes, failures = 0, 0
        while read_bytes < wanted:
            piece, cause = self._try(offset + read_bytes, wanted - read_bytes)
            if piece:
                pieces.append(piece)
                read_bytes += len(piece)
                failures = 0
                continue
            if failures == len(_PAUSES_SECS):
                raise InputReadError(
                    f"{self._path}: reading stopped at byte {offset + read_bytes} of {self.size_bytes} ({cause}). The "
                    "file is as long as ever. Check the connection and the storage, and run the same command again."
                )
            time.sleep(_PAUSES_SECS[failures])
            failures += 1
            self._look_again()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _try(self, offset: int, size_bytes: int) -> tuple[bytes, str]:
        """What came; if nothing, why not."""
        try:
            return bytes(self._file.read_at(size_bytes, offset)), "no more bytes came"
        except OSError as error:
            return b"", str(error)

    def _look_again(self) -> None:
        """Another connection behind a failure, and a look whether the file is still what it was."""
        try:
            file = self._path.open_random()
        except (FileNotFoundError, NotADirectoryError):
            raise
        except OSError:
            return  # the next attempt says so
        if (size_bytes := int(file.size())) != self.size_bytes:
            file.close()
            raise changed_size(self._path, size_bytes, self.size_bytes)
        with self._lock:  # the old one is left to its last reader
            if self._closed:
                file.close()
            else:
                self._file = file

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._file.close()


def changed_size(path: StoragePath, size_bytes: int, expected_bytes: int) -> InputError:
    return InputError(
        f"{path} has {size_bytes} bytes, had {expected_bytes} when it was listed: it was changed since. "
        "Run the same command again when nothing writes to it."
    )


def cannot_open(path: StoragePath, error: OSError) -> InputReadError:
    return InputReadError(f"cannot open {path}: {error}. Check the connection and your rights to it.")
