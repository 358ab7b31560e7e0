"""The rows of a run, shard by shard: what was annotated, what balance chose from, what it chose.

Tables of a whole run are for runs that fit memory: an image takes a few hundred bytes, mostly its caption and its
source's record. Larger ones are read a shard at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from transforms.browsing.shards import list_annotated, read_each, require
from transforms.datasets import SELECTION, ShardName, read_table
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE, BALANCE, FIRST_AFTER_ANNOTATE, Stage

#: Of a selection, after the source that its file lies under.
_CHOSEN = [name for name in SELECTION.names if name not in ("key", "shard")]


def read_annotated(
    state: RunState, columns: Sequence[str] | None = None, before: Stage = FIRST_AFTER_ANNOTATE
) -> Iterator[pa.Table]:
    """A table a shard, sorted by source and shard: ``columns`` (None: all) of the rows that came to stage ``before``.

    Raises RunFolderError where annotate is not done, for a column that is not there, and for a damaged file.
    """
    require(state, ANNOTATE, "its annotations to be read")
    read = functools.partial(_read_annotated, state.folder, columns, before)
    return read_each(read, sorted(list_annotated(state.folder)))


def read_selected(state: RunState, columns: Sequence[str] = ()) -> Iterator[pa.Table]:
    """A table a shard of what was chosen: source, shard, key, copies, inclusion_probability, and ``columns`` of its
    annotations.

    Raises RunFolderError as :func:`read_annotated` does, and where balance is not done.
    """
    require(state, BALANCE, "its selection to be read")
    read = functools.partial(_read_selected, state.folder, columns)
    return read_each(read, sorted(list_annotated(state.folder)))


def selection_of(folder: RunFolder, name: ShardName, columns: Sequence[str]) -> pa.Table:
    """``columns`` of what was chosen of one shard."""
    path = folder.selection(*name)
    if not path.exists():  # nothing of this shard was chosen
        return SELECTION.empty_table().select(columns)
    return read_table(path, folder.fingerprint, columns)


def selected_keys(folder: RunFolder, name: ShardName) -> pa.Array:
    """The keys of one shard that were chosen."""
    return selection_of(folder, name, ["key"])["key"].combine_chunks()


def joined(tables: Iterator[pa.Table]) -> pa.Table:
    """One table of many; without any it has no column."""
    parts = [table.replace_schema_metadata(None) for table in tables]
    return pa.concat_tables(parts) if parts else pa.table({})


def _read_annotated(folder: RunFolder, columns: Sequence[str] | None, before: Stage, name: ShardName) -> pa.Table:
    return read_remaining(folder, name, before, columns)


def _read_selected(folder: RunFolder, columns: Sequence[str], name: ShardName) -> pa.Table:
    chosen = selection_of(folder, name, SELECTION.names)
    source = pa.array([name.source] * len(chosen), pa.string())
    table = pa.table([source, chosen["shard"], chosen["key"]], ["source", "shard", "key"])
    for column in _CHOSEN:
        table = table.append_column(column, chosen[column])
    wanted = [column for column in columns if column not in table.column_names]
    if wanted:
        rows = read_remaining(folder, name, BALANCE, ["key", *wanted])
        places = pc.index_in(chosen["key"], value_set=rows["key"].combine_chunks())
        for column in wanted:
            table = table.append_column(column, rows[column].take(places))
    return table
