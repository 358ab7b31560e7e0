"""The bytes of media again, once they were measured: from their files, from tars, or from the row itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import pyarrow as pa

from transforms.errors import InputError
from transforms.images.hashing import content_hash
from transforms.instruct.rows import Medium, Row
from transforms.storage import StoragePath

_MOST_OPEN = 64  # tars


class MediumReader:
    """Reads media one after another, of tars the few last ones held open until it is left. Not for several threads."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, pa.NativeFile] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()

    def read(self, medium: Medium) -> bytes:
        """Raises InputError for bytes that are not there any more, or are others than were measured."""
        if medium.data is not None:
            return medium.data
        if medium.uri is None:
            raise ValueError(f"{medium} has neither a place nor bytes")
        try:
            data = self._read(medium.uri, medium)
        except OSError as error:
            raise InputError(
                f"{medium.uri} cannot be read any more: {error}. Put it back and run the same command again."
            ) from error
        if medium.content_hash is not None and content_hash(data) != medium.content_hash:
            raise InputError(
                f"{medium.uri} holds other bytes of {medium.member or 'it'} than were read before: it has changed. Put "
                "it back, or run again with --accept-changed."
            )
        return data

    def _read(self, uri: str, medium: Medium) -> bytes:
        if medium.offset is None:
            return StoragePath.of(uri).read_bytes()
        if uri not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self._open.popitem(last=False)[1].close()
            self._open[uri] = StoragePath.of(uri).open_random()
        self._open.move_to_end(uri)
        return bytes(self._open[uri].read_at(medium.size_bytes, medium.offset))


def read_distinct(rows: Iterable[Row]) -> Iterator[tuple[bytes, Medium, bytes]]:
    """Content hash, place and bytes of each medium that rows show, once, in the order in which they show it first."""
    seen: set[bytes] = set()
    with MediumReader() as reader:
        for row in rows:
            for medium in row.media:
                if medium.content_hash is not None and medium.content_hash not in seen:
                    seen.add(medium.content_hash)
                    yield medium.content_hash, medium, reader.read(medium)
