"""Parquet files of a run: each read to its last page, and their rows and counts added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from transforms.datasets import ShardName, read_counts, read_table
from transforms.errors import RunFolderError
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import EDITS, INSTRUCT_CHAIN, JOINED, MADE, REJECTS, Stage
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.listing import folders_of, shard_file


@dataclass(frozen=True)
class Read:
    """A file that was read: its shard, its rows, its counts, and of rejects the rows of each reason."""

    name: ShardName
    path: StoragePath
    rows: int
    counts: Counts
    reasons: dict[str, int]


def read_whole(path: StoragePath, fingerprint: str) -> Read:
    """Every page of a file of one shard; raises RunFolderError where it cannot be used."""
    table, counts = read_table(path, fingerprint), read_counts(path, fingerprint)
    reasons = {}
    if "reason" in table.column_names:
        reasons = {pair["values"]: pair["counts"] for pair in pc.value_counts(table["reason"]).to_pylist()}
    return Read(ShardName(path.parent.name, path.stem), path, table.num_rows, counts, reasons)


def is_of_a_shard(folder: RunFolder, stage: Stage, path: StoragePath) -> bool:
    """Whether a table holds rows of one shard, and their counts, rather than something about all of them."""
    place = path.parent.parent.relative_to(folder.root) if path.parent != folder.root else ""
    kinds = (stage.each_shard, f"{REJECTS}/{stage.name}", f"{EDITS}/{stage.name}", *stage.may_write)
    return place in kinds


def remade_with(folder: RunFolder, stage: Stage, name: ShardName) -> tuple[StoragePath, ...]:
    """The files of a shard that a stage writes together."""
    rejects = folder.rejects(stage.name, *name)
    beside = [folder.root / f"{place}/{name.source}/{name.shard}.parquet" for place in _beside_facts(stage)]
    return (shard_file(folder, stage, name), rejects, *beside) if stage.each_shard else (rejects,)


_BESIDE_FACTS = (f"{EDITS}/", f"{MADE}/")


def _beside_facts(stage: Stage) -> list[str]:
    return [place for place in stage.may_write if place == JOINED or place.startswith(_BESIDE_FACTS)]


def check_unreadable(folder: RunFolder, stage: Stage, path: StoragePath, error: RunFolderError) -> Finding:
    """A table that cannot be used; what is remade with it goes too."""
    seen = str(error).removeprefix(f"{path} ").partition(". Stage ")[0]
    below = path.relative_to(folder.root)
    if stage.each_shard and below.startswith((f"{stage.each_shard}/", f"{REJECTS}/", f"{JOINED}/", *_BESIDE_FACTS)):
        return Finding(path, seen, stage, (path, *remade_with(folder, stage, ShardName(path.parent.name, path.stem))))
    if stage in INSTRUCT_CHAIN and not is_of_a_shard(folder, stage, path):
        return Finding(path, seen, stage, tuple(folders_of(folder, stage)))  # made with the facts of all parts
    return Finding(path, seen, stage, (path,))


def check_shards(
    state: RunState, stage: Stage, read: Sequence[Read], names: set[ShardName] | None
) -> Iterator[Finding]:
    """The files of each shard among themselves: rows as counted, rejects beside them, none of unknown shards."""
    folder = state.folder
    rejects = {one.name: one for one in read if one.path.relative_to(folder.root).startswith(f"{REJECTS}/")}
    for one in read:
        together = (one.path, *remade_with(folder, stage, one.name))
        if names is not None and one.name not in names:
            yield Finding(one.path, "is of a shard that is no input of this run", stage, together)
        elif one.reasons and one.reasons != dict(one.counts.rejects):
            yield Finding(
                one.path, f"holds {one.reasons}, its footer counts {dict(one.counts.rejects)}", stage, together
            )
        elif _is_of_edits(state, one):
            continue
        elif not one.reasons and one.rows != one.counts.rows_out:
            yield Finding(one.path, f"holds {one.rows} rows, its footer counts {one.counts.rows_out}", stage, together)
        elif not one.reasons and not stage.selects and one.counts.rejected:
            beside = rejects.get(one.name)
            if beside is None or beside.reasons != dict(one.counts.rejects):
                path = folder.rejects(stage.name, *one.name)
                held = dict(beside.reasons) if beside else "nothing"
                yield Finding(path, f"holds {held}, {one.path} counts {dict(one.counts.rejects)}", stage, together)


def _is_of_edits(state: RunState, read: Read) -> bool:
    """Of which a row may have any number."""
    return read.path.relative_to(state.folder.root).startswith(f"{EDITS}/")


def check_sums(state: RunState, stage: Stage, read: Iterable[Read]) -> Iterator[Finding]:
    """What the files of a finished stage hold together, against run.json."""
    counted = state.counts(stage.name)
    rejected: Counter[str] = Counter()
    total = Counts()
    for one in read:
        rejected.update(one.reasons)
        if not one.reasons and not one.path.relative_to(state.folder.root).startswith(_BESIDE_FACTS):
            total += one.counts
    if stage.each_shard and total != counted:
        yield Finding(state.folder.root / stage.each_shard, f"adds up to {total}, run.json says {counted}", stage)
    if not stage.selects and dict(rejected) != dict(counted.rejects):
        path = state.folder.root / REJECTS / stage.name
        yield Finding(path, f"adds up to {dict(rejected)}, run.json says {dict(counted.rejects)}", stage)
