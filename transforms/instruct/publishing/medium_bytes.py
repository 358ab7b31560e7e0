"""The original bytes of a row's images and videos: in the row, in a file of their own, or in a tar."""

from __future__ import annotations

from collections import OrderedDict
from types import TracebackType
from typing import Self

import pyarrow as pa

from transforms.errors import InputError
from transforms.images.hashing import content_hash
from transforms.instruct.rows import Medium
from transforms.storage import StoragePath

_MOST_OPEN = 64  # tars


class MediumReader:
    """Reads media one after another, of tars the few last ones held open. A context manager."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, pa.NativeFile] = OrderedDict()

    def read(self, key: str, medium: Medium) -> bytes:
        """The bytes that were measured; raises InputError, naming the row, where they are not there any more."""
        data = medium.data if medium.data is not None else self._fetched(key, medium)
        if medium.content_hash is not None and content_hash(data) != medium.content_hash:
            raise InputError(
                f"{medium.uri or medium.member} of {key} is not what was read when the rows were made. Restore it, or "
                "run again with --accept-changed."
            )
        return data

    def _fetched(self, key: str, medium: Medium) -> bytes:
        if medium.uri is None:
            raise InputError(f"{key} holds an image without bytes or place; run again into a new folder")
        try:
            if medium.offset is None:
                return StoragePath.of(medium.uri).read_bytes()
            return bytes(self._file(medium.uri).read_at(medium.size_bytes, medium.offset))
        except OSError as error:
            raise InputError(f"{medium.uri} of {key} cannot be read any more: {error}. Restore it.") from error

    def _file(self, uri: str) -> pa.NativeFile:
        if uri not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self._open.popitem(last=False)[1].close()
            self._open[uri] = StoragePath.of(uri).open_random()
        self._open.move_to_end(uri)
        return self._open[uri]

    def close(self) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()
