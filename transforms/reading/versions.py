"""What tells the version of an input: when it was last changed, as the file system or store says it.

One look a folder and none a file, for object stores charge for each. Times are no part of a fingerprint: a copied file
has another one, and the same bytes.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.fs as pafs
import xxhash

from transforms.reading.captions import captions_path
from transforms.reading.input_shard import InputShard
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath

#: inputs.parquet. ``version``: nanoseconds since 1970; of a shard of a folder, a hash of those of its images and
#: captions. Empty where the store does not tell.
INPUTS = pa.schema(
    [
        ("source", pa.string()),
        ("shard", pa.string()),
        ("path", pa.string()),
        ("size_bytes", pa.int64()),
        ("version", pa.string()),
    ]
)


def inputs_table(shards: Sequence[InputShard], sources: Mapping[str, SourceSettings]) -> pa.Table:
    """The shards as they are now, a row each, in their order."""
    return pa.table(
        {
            "source": [shard.source for shard in shards],
            "shard": [shard.name for shard in shards],
            "path": [str(shard.path) for shard in shards],
            "size_bytes": [shard.size_bytes for shard in shards],
            "version": _versions(shards, sources),
        },
        schema=INPUTS,
    )


def _versions(shards: Sequence[InputShard], sources: Mapping[str, SourceSettings]) -> list[str]:
    by_source: dict[str, list[InputShard]] = {}
    for shard in shards:
        by_source.setdefault(shard.source, []).append(shard)
    changed = {source: _times(some, sources[source]) for source, some in by_source.items()}
    return [_version(shard, changed[shard.source], sources[shard.source]) for shard in shards]


def _times(shards: Sequence[InputShard], source: SourceSettings) -> dict[str, int | None]:
    """Path → nanoseconds, of every file at or below the folder that the shards of one source share."""
    first = shards[0]
    if len(shards) == 1 and not first.files:
        return _time(first.path)
    of_captions: dict[str, int | None] = {}
    folder = StoragePath(os.path.commonpath([shard.path.parent.path for shard in shards]), first.path.root)
    if first.files:
        folder = first.path
        if source.captions is not None:
            of_captions = _time(captions_path(source.captions, folder))
    listing = folder.filesystem.get_file_info(pafs.FileSelector(folder.path, recursive=True))
    return {info.path: info.mtime_ns for info in listing} | of_captions


def _time(path: StoragePath) -> dict[str, int | None]:
    return {path.path: path.filesystem.get_file_info(path.path).mtime_ns}


def _version(shard: InputShard, changed: dict[str, int | None], source: SourceSettings) -> str:
    if not shard.files:
        time = changed.get(shard.path.path)
        return "" if time is None else str(time)
    of_captions = None if source.captions is None else changed.get(captions_path(source.captions, shard.path).path)
    hashed = xxhash.xxh3_64(str(of_captions))
    for name in shard.files:
        image = f"{shard.path.path}/{name}"
        text = f"{os.path.splitext(image)[0]}.txt"  # a caption beside its image
        hashed.update(ascii((name, changed.get(image), changed.get(text))))
    return hashed.hexdigest()
