"""The part of a source that one worker reads at a time."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.names import encode_name
from transforms.reading.settings import FormatName
from transforms.storage import StoragePath


@dataclass(frozen=True, slots=True)  # there may be millions
class InputShard:
    """A file, or several that belong together; ``name`` is unique in the source and has no slash.

    Where there are several, ``path`` is a folder that all shards of the source share, ``files`` are the names below it,
    and ``size_bytes`` is the sum of their sizes. ``version`` is that of :mod:`transforms.reading.versions`.
    ``limit``: of a trial, how many of its samples are read, from its first on.
    """

    source: str
    name: str
    format: FormatName
    path: StoragePath
    size_bytes: int
    files: tuple[str, ...] = ()  # as transforms.names writes them
    version: str = ""
    limit: int | None = None

    def file(self, name: str) -> StoragePath:
        """Where one of ``files`` lies; raises UnicodeDecodeError for a name that is not UTF-8."""
        return self.path / encode_name(name).decode("utf-8")
