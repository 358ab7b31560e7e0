"""Files of records cut into parts that are read alone, and what is looked at before any is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from transforms.errors import InputError
from transforms.storage import StoragePath


class Part(Protocol):
    """A file or a range of one; ``name`` is to be unique in its source."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> StoragePath: ...


def line_ranges(stem: str, size_bytes: int, range_bytes: int) -> list[tuple[str, int, int]]:
    """Name, first byte and end of each part of a file of lines: numbered where there are several, one where it is
    empty."""
    starts = range(0, max(size_bytes, 1), range_bytes)
    if len(starts) == 1:
        return [(stem, 0, size_bytes)]
    return [(f"{stem}-{index:05d}", start, min(start + range_bytes, size_bytes)) for index, start in enumerate(starts)]


def check_media_folder(source: str, media: str | None) -> None:
    """Raises InputError for a folder that is named and is not there."""
    if media is not None and not StoragePath.of(media).is_dir():
        raise InputError(f"source {source}: there is no folder of media at {media}. Mend the setting media.")


def check_names(source: str, parts: Iterable[Part]) -> None:
    """Raises InputError where parts of two files have one name."""
    seen: dict[str, StoragePath] = {}
    for part in parts:
        if (other := seen.setdefault(part.name, part.path)) != part.path:
            raise InputError(
                f"source {source}: {other} and {part.path} would both be called {part.name}. Make them sources of "
                "their own."
            )
