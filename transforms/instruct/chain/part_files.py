"""The files of one part: rows as the stages before left them, and what a stage makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_values import plain_values
from transforms.datasets import ShardName, read_counts, read_table, write_rejects, write_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Outcome, edits_table, facts_table
from transforms.instruct.folding import answers_again, fold, fold_facts
from transforms.instruct.rows import Row, from_table
from transforms.instruct.schema import ROWS
from transforms.rejects import Counts
from transforms.stages import STANDARDISE

_EDITS_COUNT = b"edits"  # in the footer of facts: without any there is no file of them
#: What few stages look at, and much of what is read: the record as JSON.
_BULKY = ("source_record",)


def read_rows(
    folder: InstructFolder,
    name: ShardName,
    before: str,
    with_record: bool = False,
    only: pa.Array | None = None,
) -> list[Row]:
    """The rows of a part in their order, as the stages before ``before`` left them, without those that they rejected.

    ``only``: keys of those that are wanted. ``source_record`` is None unless ``with_record``.

    Raises RunFolderError where a file is missing, damaged or of other settings.
    """
    columns = [column for column in ROWS.names if with_record or column not in _BULKY]
    table = remaining(folder, name, before, columns)
    if only is not None:
        table = table.filter(pc.is_in(table["key"], value_set=only))
    earlier = [stage for stage in folder.before(before) if stage != STANDARDISE.name]
    facts, edits = [], []
    for stage in earlier:
        prints = folder.fingerprints[stage]
        told = read_table(folder.facts(stage, *name), prints)
        facts.append(told if only is None else _of_rows(told, table["key"]))
        if int(told.schema.metadata[_EDITS_COUNT]):
            found = read_table(folder.edits(stage, *name), prints)
            edits.append((stage, _of_rows(found, table["key"])))
    edited = {key for _, one in edits for key in plain_values(one["key"])}
    rows = fold_facts(from_table(fold(table, edits)), facts)
    return [answers_again(row) if row.key in edited else row for row in rows]


def remaining(folder: InstructFolder, name: ShardName, before: str, columns: Sequence[str]) -> pa.Table:
    """``columns`` of the rows, texts as they were read, without those that the stages before ``before`` rejected."""
    wanted = columns if "key" in columns else ["key", *columns]
    table = read_table(folder.rows(*name), folder.fingerprints[STANDARDISE.name], wanted)
    rejected = [
        read_table(path, folder.fingerprints[stage], ["key"])["key"].combine_chunks()
        for stage in folder.before(before)
        if stage != STANDARDISE.name and (path := folder.rejects(stage, *name)).is_file()
    ]
    if rejected:
        table = table.filter(pc.invert(pc.is_in(table["key"], value_set=pa.concat_arrays(rejected))))
    return table.select(list(columns))


def _of_rows(told: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    """Edits or facts of rows that are still there."""
    return told.filter(pc.is_in(told["key"], value_set=keys.combine_chunks()))


def done_before(folder: InstructFolder, stage: str, name: ShardName) -> Counts | None:
    """The counts of a part that ``stage`` has done."""
    path = folder.facts(stage, *name)
    return read_counts(path, folder.fingerprints[stage]) if path.is_file() else None


def write_outcome(folder: InstructFolder, stage: str, name: ShardName, keys: Sequence[str], outcome: Outcome) -> Counts:
    """Edits, rejects and facts of a part, of which ``keys`` came in; returns its counts."""
    own = replace(folder, fingerprint=folder.fingerprints[stage])
    dropped = {reject.key for reject in outcome.rejects}
    if len(dropped) != len(outcome.rejects) or not dropped <= set(keys):
        raise ValueError(f"{stage} rejected rows of {name} twice, or rows that are not there")
    edits = [one for one in outcome.edits if one.key not in dropped]
    path = own.edits(stage, *name)
    if edits:
        write_table(path, edits_table(edits), own.fingerprint, Counts(len(keys), len(keys)))
    elif path.is_file():
        path.delete()
    left = [key for key in keys if key not in dropped]
    counts = write_rejects(own.rejects(stage, *name), name.shard, outcome.rejects, own.fingerprint, len(left))
    table = facts_table(left, [fact for fact in outcome.facts if fact.key not in dropped])
    write_table(own.facts(stage, *name), table, own.fingerprint, counts, {_EDITS_COUNT.decode(): str(len(edits))})
    return counts


def judge_part(
    folder: InstructFolder, stage: str, name: ShardName, judge: Callable[[Sequence[Row]], Outcome]
) -> Counts:
    """What a stage does that looks at one part at a time."""
    counts = done_before(folder, stage, name)
    if counts is not None:
        return counts
    rows = read_rows(folder, name, stage)
    return write_outcome(folder, stage, name, [row.key for row in rows], judge(rows))
