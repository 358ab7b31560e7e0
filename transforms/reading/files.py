"""Files of a source as shards: one each, measured and named."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import pyarrow.fs as pafs

from transforms.errors import InputError
from transforms.keyed import hash64
from transforms.reading.input_shard import InputShard
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath


def file_shards(source: SourceSettings, files: Sequence[StoragePath], _: int = 0) -> list[InputShard]:
    """A shard a file."""
    for file in files:
        require_utf8(file, source)
    sizes = sizes_bytes(files)
    names = shard_names([file.relative_to(common_folder(files)) for file in files])
    shards = [
        InputShard(source.name, name, source.format, file, size)
        for name, file, size in zip(names, files, sizes, strict=True)
    ]
    return sorted(shards, key=lambda shard: shard.name)


def require_utf8(file: StoragePath, source: SourceSettings) -> None:
    """Raises InputError for a file that Arrow cannot open by its name."""
    try:
        file.path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"source {source.name}: {os.fsencode(file.path)!r} has a name that is not UTF-8. Rename it."
        ) from error


def common_folder(files: Sequence[StoragePath]) -> StoragePath:
    return StoragePath(os.path.commonpath([file.parent.path for file in files]), files[0].root)


def sizes_bytes(files: Sequence[StoragePath]) -> list[int]:
    """Sizes by listing the common folder, since object stores charge a request for each file asked for singly."""
    if not files[0].root:
        return [os.stat(file.path).st_size for file in files]
    if len(files) == 1:
        return [files[0].size_bytes()]
    folder = common_folder(files)
    listing = folder.filesystem.get_file_info(pafs.FileSelector(folder.path, recursive=True))
    size_bytes = {info.path: info.size for info in listing}
    return [size_bytes[file.path] for file in files]


def shard_names(relative_paths: Sequence[str]) -> list[str]:
    """``part/0001.tar`` → ``part__0001``; paths that would share a name get a hash of the path behind it."""
    names = [os.path.splitext(path)[0].replace("/", "__") for path in relative_paths]
    times = Counter(names)
    return [
        name if times[name] == 1 else f"{name}-{hash64(path):016x}"
        for name, path in zip(names, relative_paths, strict=True)
    ]
