"""Inputs of a build that have changed since they were read, though their names and sizes have not.

``inputs.parquet`` keeps what tells the version of each. It is no part of the fingerprint, so that bytes do not depend
on when a file was copied; where it differs, the shard is read and compared with what was annotated, by its digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from pipelines.engine.settings import available_cores
from transforms.annotating.changed_inputs import files_of, is_changed
from transforms.datasets import read_table, write_table
from transforms.errors import InputError, RunFolderError
from transforms.reading.inputs import inputs_table
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE
from transforms.verifying.repair import go_back, remove_file

_MOST_NAMED = 5


def settle_inputs(
    state: RunState, shards: Sequence[InputShard], sources: Mapping[str, SourceSettings], accept_changed: bool
) -> None:
    """Leaves inputs.parquet as the inputs are now.

    Raises InputError for inputs that are not what was annotated; with ``accept_changed``, what was made of them is
    removed instead, and so is all that later stages made.
    """
    folder = state.folder
    now = inputs_table(shards)
    if folder.inputs.is_file():
        before = read_table(folder.inputs, folder.fingerprint)
        if before.equals(now):
            return
        changed = _changed(folder, _of_another_version(before, now, shards), sources)
        if changed and not accept_changed:
            raise InputError(
                f"{_named(changed)} of {state.folder.root} had other content when annotated. Put the earlier content "
                "back, or add --accept-changed: they are annotated again, and later stages repeated."
            )
        if changed:
            go_back(state, ANNOTATE)
            for shard in changed:
                for path in files_of(folder, shard):
                    remove_file(path)
    write_table(folder.inputs, now, folder.fingerprint)


def check_reused(
    other: RunState, state: RunState, shards: Sequence[InputShard], sources: Mapping[str, SourceSettings]
) -> None:
    """Raises RunFolderError where annotations of another run were made of other content."""
    now = inputs_table(shards)
    suspects = list(shards)
    if other.folder.inputs.is_file():
        suspects = _of_another_version(read_table(other.folder.inputs, other.folder.fingerprint), now, shards)
    if changed := _changed(other.folder, suspects, sources):
        raise RunFolderError(
            f"cannot reuse the annotations of {other.folder.root} in {state.folder.root}: {_named(changed)} had other "
            "content when annotated. Leave reuse out."
        )


def _of_another_version(before: pa.Table, now: pa.Table, shards: Sequence[InputShard]) -> list[InputShard]:
    """Both tables hold the same shards, in the same order: their fingerprint is of that."""
    if len(before) != len(now):
        return list(shards)
    pairs = zip(shards, before["version"].to_pylist(), now["version"].to_pylist(), strict=True)
    return [shard for shard, was, version in pairs if was != version]


def _changed(
    folder: RunFolder, suspects: Sequence[InputShard], sources: Mapping[str, SourceSettings]
) -> list[InputShard]:
    """Those that differ from what was annotated; each is read, some at a time."""
    with ThreadPoolExecutor(2 * available_cores(), "compare inputs") as pool:
        different = pool.map(lambda shard: is_changed(folder, shard, sources[shard.source]), suspects)
        return [shard for shard, differs in zip(suspects, different, strict=True) if differs]


def _named(shards: Sequence[InputShard]) -> str:
    names = ", ".join(f"{shard.source}/{shard.name}" for shard in shards[:_MOST_NAMED])
    more = f" and {len(shards) - _MOST_NAMED:,} more" if len(shards) > _MOST_NAMED else ""
    return f"{len(shards):,} input shard{'s' * (len(shards) > 1)} ({names}{more})"
