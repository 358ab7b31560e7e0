"""Writing a file whole or not at all: on disks and HDFS by renaming it, on object stores by putting it in one piece."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import posixpath
import tempfile
import uuid
from collections.abc import Iterator
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.fs as pafs

from transforms.errors import RunFolderError

PARTIAL = ".partial-"  # marks a file being written; listings pass over it
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_IN_MEMORY_BYTES = 64 << 20  # of a file that is to be put; more of it waits in the folder for temporary files


class OutputStream:
    """What a writer gives: a stream that says which file could not be written, and why.

    The errors of writing are told from those of reading by where they arise: in these methods, and nowhere else.
    """

    def __init__(self, stream: pa.NativeFile | IO[bytes], shown: str) -> None:
        """``shown``: what errors call the file."""
        self._stream = stream
        self._shown = shown

    @property
    def closed(self) -> bool:
        return bool(self._stream.closed)

    def write(self, data: Any) -> int:
        with _write_errors(self._shown):
            return int(self._stream.write(data))

    def flush(self) -> None:
        with _write_errors(self._shown):
            self._stream.flush()

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        with _write_errors(self._shown):
            self._stream.close()

    def __enter__(self) -> OutputStream:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """An error that ends the block counts more than that its rest cannot be written either."""
        with contextlib.nullcontext() if kind is None else contextlib.suppress(RunFolderError):
            self.close()


class _Waiting(OutputStream):
    """One that a writer may close, as many close what they write to, without losing what is yet to be put."""

    def close(self) -> None:
        self.flush()


@contextlib.contextmanager
def write_by_rename(filesystem: pafs.FileSystem, path: str, shown: str) -> Iterator[OutputStream]:
    """A stream into a file of another name, which takes this one when the block ends without an error."""
    partial = f"{path}{PARTIAL}{uuid.uuid4().hex}"
    try:
        filesystem.create_dir(posixpath.dirname(path), recursive=True)
        stream = filesystem.open_output_stream(partial, compression=None)
    except OSError as error:
        raise _unwritten(shown, error, "Choose an output folder that you may write to.") from error
    try:
        with OutputStream(stream, shown) as output:
            yield output
        with _write_errors(shown):
            filesystem.move(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            filesystem.delete_file(partial)
        raise


@contextlib.contextmanager
def write_by_put(filesystem: pafs.FileSystem, path: str, shown: str) -> Iterator[OutputStream]:
    """A stream into memory, or a temporary file of this machine where it grows; put under its name when the block ends
    without an error.

    Not straight into the store: Arrow completes an upload that an error breaks off, and half a file would stand there.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as waiting:
        yield _Waiting(cast("IO[bytes]", waiting), shown)
        with _write_errors(shown):
            waiting.flush()
            _put(filesystem, path, _content(waiting))


def _content(waiting: tempfile.SpooledTemporaryFile[bytes]) -> pa.Buffer:
    """Without a copy of what lies on disk."""
    size_bytes = waiting.tell()
    waiting.seek(0)
    if size_bytes <= _IN_MEMORY_BYTES:
        return pa.py_buffer(waiting.read())
    return pa.py_buffer(mmap.mmap(waiting.fileno(), size_bytes, access=mmap.ACCESS_READ))


def _put(filesystem: pafs.FileSystem, path: str, content: pa.Buffer) -> None:
    """In one call, so that nothing can come between two of them."""
    with filesystem.open_output_stream(path, compression=None) as stream:
        stream.write(content)


@contextlib.contextmanager
def _write_errors(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritten(shown, error, "Mend that and run the same command again.") from error


def _unwritten(shown: str, error: OSError, remedy: str) -> RunFolderError:
    if error.errno in _NO_ROOM:
        remedy = "Free space there and run the same command again: it goes on with what is missing."
    said = os.strerror(error.errno) if error.errno else str(error)
    return RunFolderError(f"cannot write {shown}: {said}. {remedy}")
