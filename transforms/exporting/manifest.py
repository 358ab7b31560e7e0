"""What was written: the statistics of each shard, beside it, and the manifest of them all.

A shard is finished when its statistics are there; they are written last. A run that is started again reads them in
place of the shard.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from transforms.at_rest import FORMAT_VERSION, read_versioned_json, shaped
from transforms.storage import StoragePath

MANIFEST = "manifest.json"
_STATS_FOLDER = ".stats"


@dataclass(frozen=True)
class ShardStats:
    """One output shard. The mappings count samples."""

    file: str
    samples: int
    bytes: int
    sha256: str
    sources: Mapping[str, int]
    languages: Mapping[str, int]
    formats: Mapping[str, int]


@dataclass(frozen=True)
class _Manifest:
    """The shape of manifest.json. The mappings count samples."""

    name: str
    samples: int
    bytes: int
    sources: Mapping[str, int]
    languages: Mapping[str, int]
    formats: Mapping[str, int]
    shards: Sequence[ShardStats]


def shard_file(name: str, number: int) -> str:
    return f"{name}-{number:06d}.tar"


def stats_path(shards: StoragePath, file: str) -> StoragePath:
    return shards / _STATS_FOLDER / f"{file.removesuffix('.tar')}.json"


def write_stats(shards: StoragePath, stats: ShardStats, fingerprint: str) -> None:
    values = {"format_version": FORMAT_VERSION, "fingerprint": fingerprint, **asdict(stats)}
    stats_path(shards, stats.file).write_text(_to_json(values))


def read_stats(shards: StoragePath, file: str, fingerprint: str) -> ShardStats:
    """Raises RunFolderError for statistics that are damaged, of other settings or of another format version."""
    path = stats_path(shards, file)
    return shaped(path, read_versioned_json(path, fingerprint, older_too=True), ShardStats)


def finished_shards(shards: StoragePath, name: str) -> list[int]:
    """Numbers of the shards of this name that are there, with their statistics."""
    files = {path.relative_to(shards) for path in shards.walk()}
    return sorted(
        int(file[len(name) + 1 : -len(".tar")])
        for file in files
        if re.fullmatch(rf"{re.escape(name)}-\d{{6,}}\.tar", file)
        and stats_path(shards, file).relative_to(shards) in files
    )


def write_manifest(
    shards: StoragePath, name: str, stats: Sequence[ShardStats], fingerprint: str, version: str = FORMAT_VERSION
) -> None:
    """``stats`` in any order; ``version`` is that of the run, where it is to be compared with one that is there."""
    stats = sorted(stats, key=lambda shard: (len(shard.file), shard.file))  # by number, also beyond six digits
    values = {
        "format_version": version,
        "fingerprint": fingerprint,
        "name": name,
        "samples": sum(shard.samples for shard in stats),
        "bytes": sum(shard.bytes for shard in stats),
        "sources": _total(shard.sources for shard in stats),
        "languages": _total(shard.languages for shard in stats),
        "formats": _total(shard.formats for shard in stats),
        "shards": [asdict(shard) for shard in stats],
    }
    (shards / MANIFEST).write_text(_to_json(values))


def read_manifest(shards: StoragePath, fingerprint: str) -> dict[str, Any]:
    """Raises RunFolderError for a manifest that is damaged, of other settings or of another format version."""
    path = shards / MANIFEST
    values = read_versioned_json(path, fingerprint, older_too=True)
    shaped(path, values, _Manifest)
    return values


def _total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    tally: Counter[str] = Counter()
    for some in counts:
        tally.update(some)
    return dict(sorted(tally.items()))


def _to_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"
