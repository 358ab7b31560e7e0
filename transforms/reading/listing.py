"""Which files a source consists of: one shard a tar or Parquet file, or a thousand images of a folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from transforms.errors import InputError
from transforms.keyed import hash64
from transforms.names import decode_name, encode_name
from transforms.reading.captions import captioned_files
from transforms.reading.settings import NOT_READ_YET, SourceSettings
from transforms.reading.versions import file_version, folder_version
from transforms.storage import StoragePath, StoredFile, find_files

#: Endings of the files of each format, lower case.
ENDINGS: dict[str, tuple[str, ...]] = {
    "webdataset": (".tar",),
    "parquet": (".parquet",),
    "folder": (".jpg", ".jpeg", ".png", ".webp"),
}


#: Name of the first virtual shard of a folder.
FIRST_FOLDER_SHARD = "000000"


@dataclass(frozen=True)
class InputShard:
    """The part of a source that one worker reads at a time; ``name`` is unique in the source and has no slash.

    In format ``folder`` a shard is virtual: ``path`` is the folder, ``files`` the names below it, sorted, and
    ``size_bytes`` the sum of their sizes. ``version`` is that of :mod:`transforms.reading.versions`; ``limit``: of a
    trial, how many of its samples are read, from its first on.
    """

    source: str
    name: str
    format: str
    path: StoragePath
    size_bytes: int
    files: tuple[str, ...] = ()  # as transforms.names writes them
    version: str = ""
    limit: int | None = None

    def file(self, name: str) -> StoragePath:
        """Where one of ``files`` lies; raises UnicodeDecodeError for a name that is not UTF-8."""
        return self.path / encode_name(name).decode("utf-8")


def list_shards(source: SourceSettings, files_per_shard: int = 1000) -> list[InputShard]:
    """The shards of a source, sorted by name; raises InputError where there are none.

    ``files_per_shard`` is the size of the virtual shards of a folder; other formats have the shards they come in.
    """
    if source.format in NOT_READ_YET:
        raise InputError(
            f"source {source.name}: format {source.format} is not read yet. Leave this source out, or convert it to "
            "webdataset, parquet or folder."
        )
    files = _matching_files(source)
    if source.format == "folder":
        return _folder_shards(source, files, files_per_shard)
    names = _shard_names([file.path.relative_to(_common_folder(files)) for file in files])
    shards = [
        InputShard(source.name, name, source.format, file.path, file.size_bytes, version=file_version(file))
        for name, file in zip(names, files, strict=True)
    ]
    return sorted(shards, key=lambda shard: shard.name)


def _matching_files(source: SourceSettings) -> list[StoredFile]:
    """Files that the path names and that end as the format does; a file named outright may end as it likes."""
    found = find_files(source.path)
    if [file.path for file in found] == [StoragePath.of(source.path)]:
        return found
    endings = ENDINGS[source.format]
    files = [file for file in found if file.path.name.lower().endswith(endings)]
    if source.format != "folder":
        for file in files:
            _require_utf8(file.path, source)
    if files:
        return files
    looked_for = f"files ending in {' or '.join(endings)}"
    seen = f"{len(found)} other file(s), such as {found[0].path.name}" if found else "no file at all"
    raise InputError(
        f"source {source.name}: nothing to read at {source.path}. Looked for {looked_for} (format {source.format}), "
        f"found {seen}. Mend the path or the format."
    )


def _require_utf8(file: StoragePath, source: SourceSettings) -> None:
    try:
        file.path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"source {source.name}: {os.fsencode(file.path)!r} has a name that is not UTF-8. Rename it."
        ) from error


def _folder_shards(source: SourceSettings, files: list[StoredFile], files_per_shard: int) -> list[InputShard]:
    """Virtual shards over the images found and those that the caption file names: an absent one is a reject later."""
    location = StoragePath.of(source.path)
    folder = location if location.is_dir() else _common_folder(files)
    size_bytes = {decode_name(os.fsencode(file.path.relative_to(folder))): file.size_bytes for file in files}
    names = sorted(size_bytes.keys() | captioned_files(source, folder))
    chunks = [tuple(names[start : start + files_per_shard]) for start in range(0, len(names), files_per_shard)]
    version_of = folder_version(folder, source)
    return [
        InputShard(
            source.name,
            f"{index:06d}",
            "folder",
            folder,
            sum(size_bytes.get(name, 0) for name in chunk),
            chunk,
            version_of(chunk),
        )
        for index, chunk in enumerate(chunks)
    ]


def _common_folder(files: Sequence[StoredFile]) -> StoragePath:
    return StoragePath(os.path.commonpath([file.path.parent.path for file in files]), files[0].path.root)


def _shard_names(relative_paths: Sequence[str]) -> list[str]:
    """``part/0001.tar`` → ``part__0001``; paths that would share a name get a hash of the path behind it."""
    names = [os.path.splitext(path)[0].replace("/", "__") for path in relative_paths]
    times = Counter(names)
    return [
        name if times[name] == 1 else f"{name}-{hash64(path):016x}"
        for name, path in zip(names, relative_paths, strict=True)
    ]
