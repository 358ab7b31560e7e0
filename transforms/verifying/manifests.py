"""Balanced shards and packed sets: each shard against its statistics, the manifest and what else follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from transforms.at_rest import read_json
from transforms.errors import RunFolderError
from transforms.exporting import energon
from transforms.exporting.card import CARD
from transforms.exporting.manifest import MANIFEST, ShardStats, read_manifest, read_stats, stats_path, write_manifest
from transforms.packing.job.groups import RECORDS, read_record
from transforms.packing.layouts import llava_onevision, native_reader
from transforms.packing.plan.tally import PackTally
from transforms.rejects import Counts
from transforms.run_folder import RunRecord
from transforms.stages import PACK, Stage
from transforms.storage import PARTIAL, StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.listing import sizes_below
from transforms.verifying.shards import check_rewritten, check_shard

Mapped = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@dataclass(frozen=True)
class _Shard:
    """``remove``: all that is written again with it."""

    stats: ShardStats
    remove: tuple[StoragePath, ...]


def check_manifest(record: RunRecord, stage: Stage, mapped: Mapped, tell: Callable[[int], None]) -> Iterator[Finding]:
    """``mapped`` applies a function to many things at once; ``tell`` is called with the bytes of each shard."""
    place = record.folder.root / str(stage.with_manifest)
    shards: dict[str, _Shard] = {}
    counts, tallies = Counts(), []
    for found in (_packed if stage is PACK else _exported)(record, stage, place):
        if isinstance(found, Finding):
            yield found
        elif isinstance(found, _Shard):
            shards[found.stats.file] = found
        else:
            counts += found[0]
            tallies += [found[1]] if found[1] else []

    def look(shard: _Shard) -> list[Finding]:
        found = check_shard(place, shard.stats, stage, shard.remove)
        tell(shard.stats.bytes)
        return found

    for some in mapped(look, shards.values()):
        yield from some
    if record.is_done(stage.name):
        yield from _check_together(record, stage, place, [shard.stats for shard in shards.values()])
        if stage is PACK:
            yield from _check_set(record, place, counts, tallies)
        elif sum(shard.stats.samples for shard in shards.values()) != record.counts(stage.name).rows_out:
            yield Finding(place, f"does not hold {record.counts(stage.name).rows_out} samples as run.json says", stage)


def _exported(record: RunRecord, stage: Stage, place: StoragePath) -> Iterator[_Shard | Finding]:
    """From the statistics of each shard, and whatever shard the manifest knows beside."""
    there = [path.removeprefix(f"{place.path}/") for path in sizes_below(place) if PARTIAL not in path]
    tars = {name.removesuffix(".idx") for name in there if name.endswith((".tar", ".tar.idx")) and "/" not in name}
    kept_in = f"{stats_path(place, '').parent.name}/"
    tars |= {f"{name.removeprefix(kept_in).removesuffix('.json')}.tar" for name in there if name.startswith(kept_in)}
    for file in sorted(tars):
        remove = (place / file, place / f"{file}.idx", stats_path(place, file))
        try:
            stats = read_stats(place, file, record.folder.fingerprint)
        except RunFolderError as error:
            if record.is_done(stage.name) or stats_path(place, file).is_file():
                yield Finding(stats_path(place, file), _short(error, stats_path(place, file)), stage, remove)
            continue
        yield _Shard(stats, remove)


def _packed(record: RunRecord, stage: Stage, place: StoragePath) -> Iterator[_Shard | Finding | tuple[Counts, Any]]:
    """From the record of each group."""
    for path in sorted(sizes_below(place / RECORDS)):
        if not path.endswith(".json"):
            continue
        where = StoragePath(path, place.root)
        try:
            group = read_record(where, record.folder.fingerprint, int(where.stem))
        except (RunFolderError, ValueError) as error:
            yield Finding(where, _short(error, where), stage, (where,))
            continue
        files = [place / name for shard in group.shards for name in (shard.file, f"{shard.file}.idx")]
        for shard in group.shards:
            yield _Shard(shard, (where, *files))
        yield group.counts, group.tally


def _check_together(record: RunRecord, stage: Stage, place: StoragePath, stats: list[ShardStats]) -> Iterator[Finding]:
    """What is written of all shards together: the manifest, the metadata of readers, the card."""
    config = record.values["config"]
    settings: Mapping[str, Any] = config["shards"] if stage is PACK else config["export"]
    fingerprint = record.folder.fingerprint

    def write(scratch: StoragePath) -> None:
        write_manifest(scratch, settings["name"], stats, fingerprint)
        if stage is not PACK:
            energon.write_metadata(scratch, stats)
        elif config["layout"] == "llava-ov-1.5":
            llava_onevision.write_metadata(scratch, stats)

    yield from check_rewritten(place, write, stage)
    yield from _unknown(record, stage, place, {shard.file for shard in stats})
    if stage is not PACK and not ((place / CARD).is_file() and (place / CARD).size_bytes()):
        yield Finding(place / CARD, "is missing or empty", stage, (place / CARD,))


def _unknown(record: RunRecord, stage: Stage, place: StoragePath, known: set[str]) -> Iterator[Finding]:
    """Shards that the manifest knows and nobody else, or the other way round."""
    try:
        listed = {shard["file"] for shard in read_manifest(place, record.folder.fingerprint)["shards"]}
    except RunFolderError:
        return  # told already
    for file in sorted(listed - known):
        yield Finding(place / file, f"is in {MANIFEST}, but nothing else tells of it", stage)


def _check_set(record: RunRecord, place: StoragePath, counts: Counts, tallies: list[PackTally]) -> Iterator[Finding]:
    counted = record.counts(PACK.name)
    if counts != counted:
        yield Finding(place / RECORDS, f"adds up to {counts}, run.json says {counted}", PACK)
    path = place / native_reader.PACKING_JSON
    try:
        packing = read_json(path)
    except RunFolderError as error:
        yield Finding(path, _short(error, path), PACK, (path,))
        return
    tally = PackTally.total(tallies).to_dict() if tallies else None
    if packing.get("fingerprint") != record.folder.fingerprint or packing.get("tally") != tally:
        yield Finding(path, "is not what follows from the groups", PACK, (path,))


def _short(error: Exception, path: StoragePath) -> str:
    return str(error).removeprefix(f"{path} ").partition(". Stage ")[0]
