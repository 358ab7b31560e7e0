"""Where the original bytes of images and videos lie, and reading them again when packs are written."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pyarrow as pa

from transforms.conversations.document import Document
from transforms.errors import InputError
from transforms.storage import StoragePath


@dataclass(frozen=True, slots=True)
class Media:
    """An image or a video: a whole file, or a member of a tar. ``ending`` is jpg, png, webp, mp4, …"""

    path: StoragePath
    size_bytes: int
    ending: str
    offset: int | None = None  # None: the whole file
    total_frames: int = 0  # of a video


@dataclass(frozen=True, slots=True)
class Located:
    """A document and where its media lie, in the order of ``document.images`` and ``document.videos``."""

    document: Document
    images: tuple[Media, ...] = ()
    videos: tuple[Media, ...] = ()


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
        if len(data) != media.size_bytes:
            raise InputError(f"{media.path} was changed while it was packed. Restore it and run again.")
        return data

    def _file(self, path: StoragePath) -> pa.NativeFile:
        with self._lock:
            if path not in self._files:
                self._files[path] = path.open_random()
            return self._files[path]

    def close(self) -> None:
        for file in self._files.values():
            file.close()
