"""Files of a source as shards: one each, named."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from transforms.errors import InputError
from transforms.keyed import hash64
from transforms.reading.input_shard import InputShard
from transforms.reading.settings import SourceSettings
from transforms.reading.versions import file_version
from transforms.storage import StoragePath, StoredFile


def file_shards(source: SourceSettings, files: Sequence[StoredFile], _: int) -> list[InputShard]:
    """A shard a file."""
    for file in files:
        require_utf8(file.path, source)
    folder = common_folder(files)
    names = shard_names([file.path.relative_to(folder) for file in files])
    shards = [
        InputShard(source.name, name, source.format, file.path, file.size_bytes, version=file_version(file))
        for name, file in zip(names, files, strict=True)
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


def common_folder(files: Sequence[StoredFile]) -> StoragePath:
    folders = {os.path.dirname(file.path.path) for file in files}
    return StoragePath(os.path.commonpath(folders), files[0].path.root)


def shard_names(relative_paths: Sequence[str]) -> list[str]:
    """``part/0001.tar`` → ``part__0001``; paths that would share a name get a hash of the path behind it."""
    names = [os.path.splitext(path)[0].replace("/", "__") for path in relative_paths]
    times = Counter(names)
    return [
        name if times[name] == 1 else f"{name}-{hash64(path):016x}"
        for name, path in zip(names, relative_paths, strict=True)
    ]
