"""Packs of a group → its shards, cut by size; each appears under its name when it is whole."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

from transforms.errors import InputError
from transforms.exporting import energon
from transforms.exporting.manifest import ShardStats, shard_file
from transforms.hashed_stream import HashedStream
from transforms.packing.layouts.messages import ParquetShard
from transforms.packing.layouts.ready import ReadyPack
from transforms.packing.layouts.registry import LayoutRules, Members
from transforms.storage import StoragePath
from transforms.tar.writer import TarStream

#: Group g owns the shard numbers from g times this on: names need not wait until all groups are counted.
SHARDS_PER_GROUP = 1000


def write_shards(
    folder: StoragePath, name: str, group: int, packs: Iterable[ReadyPack], rules: LayoutRules, max_shard_bytes: int
) -> list[ShardStats]:
    """All shards of a group, in order; none for no packs. Raises InputError for more than a group may have."""
    stats: list[ShardStats] = []
    iterator = iter(packs)
    for pack in iterator:
        if len(stats) == SHARDS_PER_GROUP:
            raise InputError(
                f"group {group} fills more than {SHARDS_PER_GROUP} shards. Raise shards.max_shard_bytes, or lower "
                "pack.group_shards."
            )
        number = group * SHARDS_PER_GROUP + len(stats)
        file = shard_file(name, number).removesuffix(".tar") + rules.ending
        rest = itertools.chain([pack], iterator)
        if rules.members is None:
            stats.append(_write_parquet(folder, file, rest, max_shard_bytes))
        else:
            stats.append(_write_tar(folder, file, rest, rules.members, max_shard_bytes))
    return stats


def _write_tar(
    folder: StoragePath, file: str, packs: Iterator[ReadyPack], members: Members, max_bytes: int
) -> ShardStats:
    """As many packs as fit, at least one; and Energon's index of where they begin."""
    tally, offsets = _Tally(), [0]
    with (folder / file).atomic_writer() as stream:
        tar = TarStream(stream)
        for pack in packs:
            for ending, data in members(pack):
                tar.add(f"{pack.key}.{ending}", data)
            offsets.append(tar.offset_bytes)
            tally.add(pack)
            if tar.offset_bytes >= max_bytes:
                break
        sha256 = tar.finish()
    energon.write_index(folder, file, offsets)
    return tally.stats(file, tar.offset_bytes, sha256)


def _write_parquet(folder: StoragePath, file: str, packs: Iterator[ReadyPack], max_bytes: int) -> ShardStats:
    tally = _Tally()
    with (folder / file).atomic_writer() as stream:
        hashed = HashedStream(stream)
        shard = ParquetShard(hashed)
        for pack in packs:
            shard.add(pack)
            tally.add(pack)
            if shard.written_bytes >= max_bytes:
                break
        shard.finish()
    return tally.stats(file, hashed.size_bytes, hashed.hexdigest())


class _Tally:
    """What a shard holds: documents by source, media by ending."""

    def __init__(self) -> None:
        self.packs = 0
        self._sources: Counter[str] = Counter()
        self._formats: Counter[str] = Counter()

    def add(self, pack: ReadyPack) -> None:
        self.packs += 1
        self._sources.update(one.document.source for one in pack.located)
        self._formats.update(media.ending for one in pack.located for media in (*one.images, *one.videos))

    def stats(self, file: str, size_bytes: int, sha256: str) -> ShardStats:
        sources, formats = dict(sorted(self._sources.items())), dict(sorted(self._formats.items()))
        return ShardStats(file, self.packs, size_bytes, sha256, sources, {}, formats)
