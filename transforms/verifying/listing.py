"""The files of a stage as a listing tells them: names and sizes, nothing opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from transforms.annotating.embedding_files import embedding_files, part_name
from transforms.datasets import ShardName
from transforms.errors import RunFolderError
from transforms.exporting.manifest import read_manifest, stats_path
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE, BALANCE, EXPORT, REJECTS, Stage
from transforms.storage import StoragePath, StoredFile
from transforms.verifying.finding import Finding

_OFFSET_BYTES = 8  # in an index: one for each sample, and one for the end
_ENDING = ".parquet"


def sizes_below(*paths: StoragePath) -> dict[str, int]:
    """Path → bytes of every file at or below ``paths``, those half written among them."""
    found = (file for path in paths for file in _at_or_below(path))
    return {file.path.path: file.size_bytes for file in found}


def _at_or_below(path: StoragePath) -> Iterable[StoredFile]:
    single = path.stored()
    return [single] if single else path.each_below()


def folders_of(folder: RunFolder, stage: Stage) -> list[StoragePath]:
    """Everything that a stage writes."""
    return [folder.root / name for name in (*stage.writes, *stage.may_write, f"{REJECTS}/{stage.name}")]


def shard_file(folder: RunFolder, stage: Stage, name: ShardName) -> StoragePath:
    return folder.root / f"{stage.each_shard}/{name.source}/{name.shard}{_ENDING}"


def kept_embeddings(state: RunState, names: Sequence[ShardName]) -> Iterator[tuple[ShardName, tuple[StoragePath, ...]]]:
    """The files of embeddings of each shard, which are in the order of the inputs; none where they are not kept."""
    if state.values["config"].get("retrieval", {}).get("keep_embedding"):
        for number, name in enumerate(names):
            yield name, embedding_files(state.folder, part_name(number, len(names)))


def missing_files(state: RunState, stage: Stage, names: Sequence[ShardName] | None) -> Iterator[Finding]:
    """Files of a stage that is done which are not there, are empty, or not as long as the manifest says.

    ``names`` are those of the input shards, None where they are not known.
    """
    folder = state.folder
    sizes = sizes_below(*folders_of(folder, stage))
    if stage.each_shard and names is not None:
        expected = [shard_file(folder, stage, name) for name in names]
        yield from _compared(stage, ((path, None) for path in expected), sizes)
    if stage is ANNOTATE:
        for shard, files in kept_embeddings(state, names or []):
            remove = (*files, shard_file(folder, stage, shard))
            yield from _compared(stage, ((path, None) for path in files), sizes, remove)
    for name in _written(state, stage):
        path = folder.root / name
        if not any(found == path.path or found.startswith(f"{path.path}/") for found in sizes):
            yield Finding(path, "is missing", stage)
    if state.manifest_of(stage):
        yield from _as_in_manifest(folder, stage, sizes)
    elif stage is EXPORT and names is not None:
        yield from _compared(stage, ((folder.index(*name), None) for name in names), sizes)
    left, rejects = state.reject_files(stage.name), reject_files(folder, stage, sizes)
    if left is not None and len(rejects) != left:
        yield Finding(folder.root / REJECTS / stage.name, f"holds {len(rejects)} files in place of {left}", stage)
    for path in rejects:
        if not sizes[path.path]:
            yield Finding(path, "is empty", stage, (path,))


def _written(state: RunState, stage: Stage) -> tuple[str, ...]:
    """What a stage that is done must have left; runs from before there was a certificate have none."""
    if stage is BALANCE and "even" not in state.values["config"].get("balance", {}):
        return tuple(name for name in stage.writes if name != BALANCE.name)
    return stage.writes


def reject_files(folder: RunFolder, stage: Stage, there: Iterable[str] | None = None) -> list[StoragePath]:
    """Of ``there``, else of all files, those that hold rejects of ``stage``, sorted."""
    place = folder.root / REJECTS / stage.name
    found = sizes_below(place) if there is None else there
    of_stage = (path for path in found if path.startswith(f"{place.path}/"))
    return [StoragePath(path, place.root) for path in sorted(of_stage) if path.endswith(_ENDING)]


def check_presence(state: RunState, names: Sequence[ShardName] | None) -> None:
    """Raises RunFolderError where something of a stage that is done is not there; nothing is opened but the manifest.
    So it does where a repair was broken off.

    ``names`` are those of the input shards, None where there are no files of each.
    """
    if state.folder.under_repair.exists():
        raise RunFolderError(
            f"evenweave verify {state.folder.root} --repair was broken off: run it again, and then the same command."
        )
    done = [stage for stage in state.begun if state.is_done(stage.name)]
    if found := [finding for stage in done for finding in missing_files(state.of(stage), stage, names)]:
        more = f", and {len(found) - 1:,} more" if len(found) > 1 else ""
        raise RunFolderError(
            f"{found[0].path} {found[0].seen}{more}. evenweave verify {state.folder.root} --repair removes what was "
            "made of it, and the same command then makes all of it anew."
        )


def _as_in_manifest(folder: RunFolder, stage: Stage, sizes: dict[str, int]) -> Iterator[Finding]:
    place = folder.root / str(stage.with_manifest)
    try:
        shards = read_manifest(place, folder.fingerprint)["shards"]
    except RunFolderError as error:
        yield Finding(place / "manifest.json", f"cannot be used: {error}", stage)
        return
    for shard in shards:
        path = place / shard["file"]
        index_bytes = _OFFSET_BYTES * (shard["samples"] + 1) if path.name.endswith(".tar") else None
        index = place / f"{shard['file']}.idx"
        both = (path, index, stats_path(place, shard["file"]))
        expected = [(path, shard["bytes"])] + ([(index, index_bytes)] if index_bytes else [])
        yield from _compared(stage, expected, sizes, both)


def _compared(
    stage: Stage,
    expected: Iterable[tuple[StoragePath, int | None]],
    sizes: dict[str, int],
    remove: tuple[StoragePath, ...] = (),
) -> Iterator[Finding]:
    """``expected``: files, and their bytes where those are known."""
    for path, size in expected:
        found = sizes.get(path.path)
        if found is None:
            yield Finding(path, "is missing", stage, remove)
        elif size is not None and found != size:
            yield Finding(path, f"has {found} bytes in place of {size}", stage, remove)
        elif not found:
            yield Finding(path, "is empty", stage, remove or (path,))
