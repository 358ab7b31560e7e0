"""The bytes of media again, once they were measured: from their files, from tars, or from the row itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import pyarrow as pa

from transforms.errors import InputError
from transforms.instruct.rows import Medium, Row
from transforms.storage import StoragePath


class MediumReader:
    """Reads media; the tar that was read from last stays open until it is left. Not for several threads."""

    def __init__(self) -> None:
        self._uri: str | None = None
        self._file: pa.NativeFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def read(self, medium: Medium) -> bytes:
        """Raises InputError for bytes that are not there any more, or are fewer or more than were measured."""
        if medium.data is not None:
            return medium.data
        if medium.uri is None:
            raise ValueError(f"{medium} has neither a place nor bytes")
        try:
            data = self._read(medium.uri, medium)
        except OSError as error:
            raise InputError(
                f"{medium.uri} cannot be read any more: {error}. Put it back, or run standardise again (--remake)."
            ) from error
        if medium.size_bytes is not None and len(data) != medium.size_bytes:
            raise InputError(
                f"{medium.uri} holds {len(data)} bytes of {medium.member or 'it'}, where {medium.size_bytes} were read "
                "before: it has changed. Put it back, or run standardise again (--remake)."
            )
        return data

    def _read(self, uri: str, medium: Medium) -> bytes:
        if medium.offset is None:
            return StoragePath.of(uri).read_bytes()
        if uri != self._uri or self._file is None:
            self._close()
            self._file, self._uri = StoragePath.of(uri).open_random(), uri
        return bytes(self._file.read_at(medium.size_bytes, medium.offset))

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._uri = None


def read_distinct(rows: Iterable[Row]) -> Iterator[tuple[bytes, Medium, bytes]]:
    """Content hash, place and bytes of each medium that rows show, once, in the order in which they show it first."""
    seen: set[bytes] = set()
    with MediumReader() as reader:
        for row in rows:
            for medium in row.media:
                if medium.content_hash is not None and medium.content_hash not in seen:
                    seen.add(medium.content_hash)
                    yield medium.content_hash, medium, reader.read(medium)
