"""Where the images and videos of a set lie, when its records keep the names of somebody else's folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pyarrow.fs import FileSelector, FileType

from transforms.reading.raw_sample import is_unsafe
from transforms.storage import StoragePath

_MOST_FOLDERS, _MOST_LEADING = 20, 4  # subfolders that are looked into, and leading folders that are left out of names
_MOST_NAMES = 20  # looked for in each place


class MediaPlace(NamedTuple):
    """``found`` of the ``names`` that were looked for lie below ``folder`` once ``prefix`` is left out of them."""

    folder: StoragePath
    prefix: str
    found: int
    names: int


def find_media(names: Sequence[str], records: StoragePath) -> MediaPlace:
    """The place, around the folder of the records, where most of ``names`` are; the nearest on a tie."""
    wanted = [name for name in dict.fromkeys(names) if "://" not in name and not is_unsafe(name)][:_MOST_NAMES]
    best = MediaPlace(records.parent, "", 0, len(wanted))
    for folder in _folders(records.parent):
        for prefix in _prefixes(wanted):
            under = [name.removeprefix(prefix) for name in wanted if name.startswith(prefix)]
            found = sum((folder / name).is_file() for name in under)
            if found > best.found:
                best = MediaPlace(folder, prefix, found, len(wanted))
        if best.found == len(wanted):
            break
    return best


def _folders(home: StoragePath) -> Iterator[StoragePath]:
    yield home
    below = home.filesystem.get_file_info(FileSelector(home.path))
    names = sorted(info.base_name for info in below if info.type == FileType.Directory)
    yield from (home / name for name in names[:_MOST_FOLDERS])
    yield home.parent


def _prefixes(names: Sequence[str]) -> list[str]:
    """Nothing, then the leading folders of the names, the shortest first."""
    found = {""}
    for name in names:
        folders = name.split("/")[:-1][:_MOST_LEADING]
        found |= {"/".join(folders[: at + 1]) + "/" for at in range(len(folders))}
    return sorted(found, key=lambda prefix: (len(prefix), prefix))
