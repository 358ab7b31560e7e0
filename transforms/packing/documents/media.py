"""Where the original bytes of images and videos lie, and reading them again when packs are written."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import dataclass

import pyarrow as pa
import xxhash
from pyarrow.fs import FileType

from transforms.conversations.document import Document
from transforms.errors import InputError
from transforms.storage import StoragePath

#: What opening says where a record names no file that can be its own, and not that the disk or the store is at fault.
_NO_SUCH_FILE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES)


@dataclass(frozen=True, slots=True)
class Media:
    """An image or a video: a whole file, or a member of a tar. ``ending`` is jpg, png, webp, mp4, …"""

    path: StoragePath
    size_bytes: int
    ending: str
    content_hash: int  # of the bytes that were measured
    offset: int | None = None  # None: the whole file
    total_frames: int = 0  # of a video


@dataclass(frozen=True, slots=True)
class LocatedDocument:
    """A document and where its media lie, in the order of ``document.images`` and ``document.videos``."""

    document: Document
    images: tuple[Media, ...] = ()
    videos: tuple[Media, ...] = ()


def content_hash(data: bytes) -> int:
    """XXH3 of 64 bits: tells other bytes of the same size."""
    return xxhash.xxh3_64_intdigest(data)


def read_regular(path: StoragePath) -> bytes | str:
    """The bytes of a file, or why there is no such file to read; raises InputError where reading it fails.

    Opening a pipe or a device may wait for ever, so that only regular files are opened.
    """
    try:
        kind = FileType.File if path.root else path.filesystem.get_file_info(path.path).type
        if kind == FileType.File:
            return path.read_bytes()
    except OSError as error:
        if error.errno not in _NO_SUCH_FILE:
            raise InputError(f"{path} cannot be read: {error}. Mend that and run the same command again.") from error
        return os.strerror(error.errno)
    return {FileType.NotFound: os.strerror(errno.ENOENT), FileType.Directory: os.strerror(errno.EISDIR)}.get(
        kind, "not a regular file"
    )


class MediaReader:
    """Reads media from any thread; tars stay open until :meth:`close`."""

    def __init__(self) -> None:
        self._files: dict[StoragePath, pa.NativeFile] = {}
        self._lock = threading.Lock()

    def read(self, media: Media) -> bytes:
        """Raises InputError when the bytes are no longer there."""
        try:
            if media.offset is None:
                data = media.path.read_bytes()
            else:
                data = bytes(self._file(media.path).read_at(media.size_bytes, media.offset))
        except OSError as error:
            raise InputError(f"{media.path} cannot be read any more: {error}. Restore it and run again.") from error
        if len(data) != media.size_bytes or content_hash(data) != media.content_hash:
            place = "" if media.offset is None else f" (at byte {media.offset})"
            raise InputError(
                f"{media.path}{place} was changed after it was measured. Run the same command again, and leave its "
                "inputs as they are while it runs."
            )
        return data

    def _file(self, path: StoragePath) -> pa.NativeFile:
        with self._lock:
            if path not in self._files:
                self._files[path] = path.open_random()
            return self._files[path]

    def close(self) -> None:
        for file in self._files.values():
            file.close()
