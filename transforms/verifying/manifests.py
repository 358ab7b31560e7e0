"""Balanced shards and packed sets: each shard against its statistics, the manifest and what else follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from transforms.atomic_writing import PARTIAL
from transforms.errors import RunFolderError
from transforms.exporting import energon
from transforms.exporting.card import CARD
from transforms.exporting.croissant import write_croissant
from transforms.exporting.manifest import ShardStats, read_stats, stats_path, write_manifest
from transforms.packing.job.finishing import finish_set
from transforms.packing.job.groups import RECORDS, GroupOutcome, PackJob, read_outcome
from transforms.packing.settings import PackSettings
from transforms.packing.sources import PackedShardSettings, PackSource, VideoSampling
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import PACK, PUBLISH, Stage
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.listing import sizes_below
from transforms.verifying.mixture import check_published, published_files
from transforms.verifying.shards import check_rewritten, check_shard

Mapped = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@dataclass(frozen=True)
class _Shard:
    """``remove``: all that is written again with it."""

    stats: ShardStats
    remove: tuple[StoragePath, ...]


def check_manifest(state: RunState, stage: Stage, mapped: Mapped, tell: Callable[[int], None]) -> Iterator[Finding]:
    """``mapped`` applies a function to many things at once; ``tell`` is called with the bytes of each shard."""
    place = state.folder.root / str(stage.with_manifest)
    shards: list[_Shard] = []
    groups: list[GroupOutcome] = []
    for found in (_packed if stage is PACK else _exported)(state, stage, place):
        if isinstance(found, Finding):
            yield found
        elif isinstance(found, GroupOutcome):
            groups.append(found)
        else:
            shards.append(found)

    def look(shard: _Shard) -> list[Finding]:
        found = check_shard(place, shard.stats, stage, shard.remove)
        tell(shard.stats.bytes)
        return found

    for some in mapped(look, shards):
        yield from some
    if state.is_done(stage.name):
        if stage is PACK:
            yield from _check_set(state, groups)
        elif stage is PUBLISH:
            yield from check_published(state, place, [shard.stats for shard in shards])
        else:
            yield from _check_export(state, stage, place, [shard.stats for shard in shards])


def _exported(state: RunState, stage: Stage, place: StoragePath) -> Iterator[_Shard | Finding]:
    """From the statistics of each shard, and whatever shard the manifest knows beside."""
    for file in published_files(place) if stage is PUBLISH else _exported_files(place):
        remove = (place / file, place / f"{file}.idx", stats_path(place, file))
        try:
            stats = read_stats(place, file, state.folder.fingerprint)
        except RunFolderError as error:
            if state.is_done(stage.name) or stats_path(place, file).is_file():
                yield Finding(stats_path(place, file), _short(error, stats_path(place, file)), stage, remove)
            continue
        yield _Shard(stats, remove)


def _exported_files(place: StoragePath) -> list[str]:
    there = [path.removeprefix(f"{place.path}/") for path in sizes_below(place) if PARTIAL not in path]
    tars = {name.removesuffix(".idx") for name in there if name.endswith((".tar", ".tar.idx")) and "/" not in name}
    kept_in = f"{stats_path(place, '').parent.name}/"
    tars |= {f"{name.removeprefix(kept_in).removesuffix('.json')}.tar" for name in there if name.startswith(kept_in)}
    return sorted(tars)


def _packed(state: RunState, stage: Stage, place: StoragePath) -> Iterator[_Shard | Finding | GroupOutcome]:
    """From the state of each group."""
    for path in sorted(sizes_below(place / RECORDS)):
        if not path.endswith(".json"):
            continue
        where = StoragePath(path, place.root)
        try:
            group = read_outcome(where, state.folder.fingerprint, int(where.stem))
        except (RunFolderError, ValueError) as error:
            yield Finding(where, _short(error, where), stage, (where,))
            continue
        files = [place / name for shard in group.shards for name in (shard.file, f"{shard.file}.idx")]
        for shard in group.shards:
            yield _Shard(shard, (where, *files))
        yield group


def _check_export(state: RunState, stage: Stage, place: StoragePath, stats: list[ShardStats]) -> Iterator[Finding]:
    """The manifest, the metadata of readers, the card."""

    def write(scratch: StoragePath) -> None:
        name, made_with = state.values["config"]["export"]["name"], state.folder.fingerprint
        write_manifest(scratch, name, stats, made_with, state.format_version)
        if not state.is_older:  # then it was of other files
            energon.write_metadata(scratch, stats)
            licences = {one["name"]: one["license"] for one in state.values["config"]["sources"]}
            write_croissant(scratch, name, stats, licences)

    yield from check_rewritten(place, write, stage)
    samples, counted = sum(shard.samples for shard in stats), state.counts(stage.name).rows_out
    if samples != counted:
        yield Finding(place, f"holds {samples} samples, run.json says {counted}", stage)
    if not ((place / CARD).is_file() and (place / CARD).size_bytes()):
        yield Finding(place / CARD, "is missing or empty", stage, (place / CARD,))


def _check_set(state: RunState, groups: list[GroupOutcome]) -> Iterator[Finding]:
    """What is written when all groups are."""
    folder, config = state.folder, state.values["config"]
    counts, counted = sum((group.counts for group in groups), Counts()), state.counts(PACK.name)
    if counts != counted:
        yield Finding(folder.root / str(PACK.with_manifest) / RECORDS, f"adds up to {counts}, not to {counted}", PACK)
    sources = [PackSource.model_validate(source) for source in config["sources"]]

    def write(scratch: StoragePath) -> None:
        job = PackJob(
            RunFolder(scratch, folder.fingerprint),
            {source.name: source for source in sources},
            PackSettings.model_validate(config["pack"]),
            VideoSampling.model_validate(config["video"]),
            config["layout"],
            PackedShardSettings.model_validate(config["shards"]),
        )
        finish_set(groups, job, state.values["identity"]["tokenizer"])

    yield from check_rewritten(folder.root, write, PACK)


def records_of(state: RunState) -> tuple[StoragePath, ...]:
    """Those of all groups: without them, all are packed again."""
    place = state.folder.root / str(PACK.with_manifest) / RECORDS
    return tuple(StoragePath(path, place.root) for path in sizes_below(place))


def _short(error: Exception, path: StoragePath) -> str:
    return str(error).removeprefix(f"{path} ").partition(". Stage ")[0]
