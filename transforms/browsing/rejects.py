"""Every row that is not in the balanced corpus, with the stage that left it out and the reason.

What the stages before balance dropped stands in ``rejects/``. What balance did not choose is counted there and written
nowhere: it is the annotations less rejects less selection, and is derived here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.balancing.passes import ShardReader
from transforms.balancing.strata import Strata
from transforms.browsing.rows import selected_keys
from transforms.browsing.settings import RecordedSettings
from transforms.browsing.shards import list_annotated, read_each, shard_files
from transforms.datasets import REJECTS, ShardName, read_table
from transforms.errors import InputError
from transforms.rejects import Reason
from transforms.run_folder import RunFolder, RunState
from transforms.stages import CHAIN, Stage
from transforms.stages import REJECTS as REJECTS_FOLDER
from transforms.storage import StoragePath

#: One row a row of the raw corpus that is not in the balanced one.
LEFT_OUT = pa.schema([("stage", pa.string()), ("source", pa.string()), *REJECTS])


def leaving_stages(state: RunState) -> list[Stage]:
    """Those of images that are done and left rows out, in the order of the flow."""
    done = [stage for stage in CHAIN if stage.is_of_images and state.is_done(stage.name)]
    return [stage for stage in done if state.counts(stage.name).rejected]


def read_left_out(state: RunState, stages: Sequence[Stage] | None = None) -> Iterator[pa.Table]:
    """A table of LEFT_OUT for each stage (None: all that left rows out) and shard of which it left rows out.

    Raises RunFolderError for a damaged file, and where run.json lacks the settings that balance is read by.
    """
    for stage in leaving_stages(state) if stages is None else stages:
        yield from _not_chosen(state, stage) if stage.selects else _rejected(state.folder, stage)


def left_out_of(state: RunState, name: ShardName) -> Iterator[pa.Table]:
    """The same of one shard."""
    folder = state.folder
    for stage in leaving_stages(state):
        if stage.selects:
            yield _not_chosen_of(ShardReader(folder, RecordedSettings.of(state).balance), stage, name)
        elif (path := folder.rejects(stage.name, *name)).exists():
            yield _labelled(stage, name, read_table(path, folder.fingerprint, REJECTS.names))


def stage_of_reason(state: RunState, reason: str) -> Stage:
    """The stage that dropped most for a reason; raises InputError naming the reasons there are where none did."""
    counts = {stage: state.counts(stage.name).rejects for stage in leaving_stages(state)}
    if found := [stage for stage, of_stage in counts.items() if of_stage.get(reason)]:
        return max(found, key=lambda stage: counts[stage][reason])
    there = sorted({str(code) for of_stage in counts.values() for code in of_stage})
    raise InputError(
        f"no row of {state.folder.root} was left out as {reason!r}. Its reasons are: {', '.join(there) or 'none'}."
    )


def _rejected(folder: RunFolder, stage: Stage) -> Iterator[pa.Table]:
    root = folder.root / REJECTS_FOLDER / stage.name

    def read(file: tuple[ShardName, StoragePath]) -> pa.Table:
        name, path = file
        return _labelled(stage, name, read_table(path, folder.fingerprint, REJECTS.names))

    return read_each(read, shard_files(root))


def _not_chosen(state: RunState, stage: Stage) -> Iterator[pa.Table]:
    reader = ShardReader(state.folder, RecordedSettings.of(state).balance)
    tables = read_each(functools.partial(_not_chosen_of, reader, stage), sorted(list_annotated(state.folder)))
    return (table for table in tables if len(table))


def _not_chosen_of(reader: ShardReader, stage: Stage, name: ShardName) -> pa.Table:
    rows = reader.read(name, "key")
    left = pc.invert(pc.is_in(rows["key"], value_set=selected_keys(reader.folder, name)))
    outside = reader.strata(name, rows) == len(Strata.of(reader.settings).names)
    reasons = np.where(outside, str(Reason.OUTSIDE_STRATA), str(Reason.NOT_SELECTED))
    table = pa.table(
        [rows["key"], pa.array([name.shard] * len(rows), pa.string()), reasons, pa.nulls(len(rows), pa.string())],
        schema=REJECTS,
    )
    return _labelled(stage, name, table.filter(left))


def _labelled(stage: Stage, name: ShardName, table: pa.Table) -> pa.Table:
    labels = [pa.array([text] * len(table), pa.string()) for text in (stage.name, name.source)]
    return pa.table([*labels, *table.columns], schema=LEFT_OUT)
