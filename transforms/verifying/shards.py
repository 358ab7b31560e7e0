"""Shards with a manifest, balanced or packed: every byte hashed, the index beside each made again and compared."""

from __future__ import annotations

import hashlib
import pathlib
import struct
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from transforms.exporting.manifest import ShardStats
from transforms.stages import Stage
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding

_READ_BYTES = 1 << 20
_BLOCK_BYTES = 512  # of a tar: POSIX.1-2001


class _Hashed:
    """A stream of which all that is read is hashed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int) -> bytes:
        data = bytes(self._stream.read(size))
        self.sha256.update(data)
        self.size_bytes += len(data)
        return data


def check_shard(place: StoragePath, stats: ShardStats, stage: Stage, remove: tuple[StoragePath, ...]) -> list[Finding]:
    """One shard against its statistics, and its index against it."""
    path = place / stats.file
    if not path.is_file():
        return [Finding(path, "is missing", stage, remove)]
    offsets: list[int] | None = None
    with path.open_stream() as stream:
        hashed = _Hashed(stream)
        if path.name.endswith(".tar"):
            offsets = _sample_offsets(hashed)
        while hashed.read(_READ_BYTES):
            pass
    if hashed.size_bytes != stats.bytes:
        return [Finding(path, f"has {hashed.size_bytes} bytes in place of {stats.bytes}", stage, remove)]
    if hashed.sha256.hexdigest() != stats.sha256:
        return [Finding(path, f"has the SHA-256 {hashed.sha256.hexdigest()} in place of {stats.sha256}", stage, remove)]
    return [] if offsets is None else list(_check_index(path, offsets, stage, remove))


def _check_index(
    path: StoragePath, offsets: list[int], stage: Stage, remove: tuple[StoragePath, ...]
) -> Iterator[Finding]:
    index = StoragePath(f"{path.path}.idx", path.root)
    if not index.is_file():
        yield Finding(index, "is missing", stage, remove)
    elif index.read_bytes() != struct.pack(f"<{len(offsets)}Q", *offsets):
        yield Finding(index, f"does not say where the samples of {path.name} begin", stage, remove)


def _sample_offsets(stream: _Hashed) -> list[int]:
    """Where each sample begins, and the end; up to the first member that cannot be read."""
    offsets: list[int] = []
    key, end = None, 0
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_READ_BYTES) as archive:  # type: ignore[call-overload]
            for member in archive:
                folder, slash, base = member.name.rpartition("/")
                found = folder + slash + base.partition(".")[0]
                if found != key:
                    offsets.append(member.offset)
                    key = found
                end = member.offset_data + -(-member.size // _BLOCK_BYTES) * _BLOCK_BYTES
                archive.members.clear()  # or a shard's worth of names would be kept
    except (tarfile.TarError, ValueError):
        pass  # the hash tells
    return [*offsets, end]


def check_rewritten(place: StoragePath, write: Callable[[StoragePath], object], stage: Stage) -> Iterator[Finding]:
    """Files that follow from others: ``write`` makes them anew, elsewhere, and both are compared."""
    with tempfile.TemporaryDirectory() as scratch:
        write(StoragePath.of(scratch))
        for made in sorted(pathlib.Path(scratch).rglob("*")):
            if not made.is_file():
                continue
            path = place / made.relative_to(scratch).as_posix()
            if not path.is_file():
                yield Finding(path, "is missing", stage)
            elif path.read_bytes() != made.read_bytes():
                yield Finding(path, "is not what follows from the shards", stage, (path,))
