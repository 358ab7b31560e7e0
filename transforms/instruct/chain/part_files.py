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
from transforms.instruct.rows import Row, from_table, to_table
from transforms.instruct.schema import ROWS
from transforms.rejects import Counts
from transforms.stages import AGAIN, INSTRUCT_CHAIN, STANDARDISE

_MAKERS = frozenset(stage.name for stage in INSTRUCT_CHAIN if stage.makes_rows)
_EDITS_COUNT = b"edits"  # in the footer of facts: without any there is no file of them
_JOINED_COUNT = b"joined"  # the same, of rows that have taken the turns of others; there only where there are some
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
    facts: list[pa.Table] = []
    edits: list[tuple[str, pa.Table]] = []
    for stage in earlier:
        prints = folder.fingerprints[stage]
        told = read_table(folder.facts(stage, *name), prints)
        if _JOINED_COUNT in told.schema.metadata:
            rows = _with_joined(_folded(table, edits, facts), read_table(folder.joined(*name), prints))
            table, facts, edits = to_table(rows), [], []
        if stage in AGAIN:  # by the groups of the first time rows were split, and twins joined
            told = _without_groups(told)
        facts.append(told if only is None else _of_rows(told, table["key"]))
        if int(told.schema.metadata[_EDITS_COUNT]):
            found = read_table(folder.edits(stage, *name), prints)
            edits.append((stage, _of_rows(found, table["key"])))
    return _folded(table, edits, facts)


def _without_groups(told: pa.Table) -> pa.Table:
    for name in ("group", "pair"):
        nulls = pa.nulls(told.num_rows, told.schema.field(name).type)
        told = told.set_column(told.schema.get_field_index(name), told.schema.field(name), nulls)
    return told


def _folded(table: pa.Table, edits: Sequence[tuple[str, pa.Table]], facts: Sequence[pa.Table]) -> list[Row]:
    edited = {key for _, one in edits for key in plain_values(one["key"])}
    rows = fold_facts(from_table(fold(table, edits)), facts)
    return [answers_again(row) if row.key in edited else row for row in rows]


def _with_joined(rows: Sequence[Row], table: pa.Table) -> list[Row]:
    """Rows that have taken the turns of others in their own places; what they were read from stays theirs."""
    known = {row.key: row for row in from_table(table)}
    return [replace(known.get(row.key, row), source_record=row.source_record) for row in rows]


def remaining(folder: InstructFolder, name: ShardName, before: str, columns: Sequence[str]) -> pa.Table:
    """``columns`` of the rows, texts as they were read, and behind them of those that stages before ``before`` made,
    without those that these stages rejected."""
    wanted = columns if "key" in columns else ["key", *columns]
    table = read_table(folder.rows(*name), folder.fingerprints[STANDARDISE.name], wanted)
    made = [_read_made(folder, stage, name, wanted) for stage in folder.before(before) if stage in _MAKERS]
    if found := [one for one in made if one is not None]:
        table = pa.concat_tables([table, *found])
    rejected = [
        read_table(path, folder.fingerprints[stage], ["key"])["key"].combine_chunks()
        for stage in folder.before(before)
        if stage != STANDARDISE.name and (path := folder.rejects(stage, *name)).is_file()
    ]
    if rejected:
        table = table.filter(pc.invert(pc.is_in(table["key"], value_set=pa.concat_arrays(rejected))))
    return table.select(list(columns))


def _read_made(folder: InstructFolder, stage: str, name: ShardName, columns: Sequence[str]) -> pa.Table | None:
    prints = folder.fingerprints[stage]
    if not read_counts(folder.facts(stage, *name), prints).made:
        return None
    return read_table(folder.made(stage, *name), prints, columns)


def _of_rows(told: pa.Table, keys: pa.ChunkedArray) -> pa.Table:
    """Edits or facts of rows that are still there."""
    return told.filter(pc.is_in(told["key"], value_set=keys.combine_chunks()))


def done_before(folder: InstructFolder, stage: str, name: ShardName) -> Counts | None:
    """The counts of a part that ``stage`` has done."""
    path = folder.facts(stage, *name)
    return read_counts(path, folder.fingerprints[stage]) if path.is_file() else None


def write_outcome(folder: InstructFolder, stage: str, name: ShardName, keys: Sequence[str], outcome: Outcome) -> Counts:
    """Edits, rejects, facts and made rows of a part, of which ``keys`` came in; returns its counts."""
    own = replace(folder, fingerprint=folder.fingerprints[stage])
    keys = _with_made(own, stage, name, keys, outcome.made)
    dropped = {reject.key for reject in outcome.rejects}
    if len(dropped) != len(outcome.rejects) or not dropped <= set(keys):
        raise ValueError(f"{stage} rejected rows of {name} twice, or rows that are not there")
    edits = [one for one in outcome.edits if one.key not in dropped]
    path = own.edits(stage, *name)
    if edits:
        write_table(path, edits_table(edits), own.fingerprint, Counts(len(keys), len(keys)))
    elif path.is_file():
        path.delete()
    marks = {_EDITS_COUNT.decode(): str(len(edits))}
    if outcome.joined:
        write_table(own.joined(*name), to_table(outcome.joined), own.fingerprint, Counts(len(keys), len(keys)))
        marks[_JOINED_COUNT.decode()] = str(len(outcome.joined))
    left = [key for key in keys if key not in dropped]
    counts = write_rejects(
        own.rejects(stage, *name), name.shard, outcome.rejects, own.fingerprint, len(left), len(outcome.made)
    )
    table = facts_table(left, [fact for fact in outcome.facts if fact.key not in dropped])
    write_table(own.facts(stage, *name), table, own.fingerprint, counts, marks)
    return counts


def _with_made(
    own: InstructFolder, stage: str, name: ShardName, keys: Sequence[str], made: Sequence[Row]
) -> Sequence[str]:
    """Writes the rows that are new; the keys that came in, and theirs."""
    path, new = own.made(stage, *name), [row.key for row in made]
    if len({*keys, *new}) != len(keys) + len(new):
        raise ValueError(f"{stage} made rows of {name} under keys that are taken")
    if made:
        if stage not in _MAKERS:
            raise ValueError(f"{stage} made rows, and is not declared to")
        write_table(path, to_table(made), own.fingerprint, Counts(0, len(made), made=len(made)))
    elif path.is_file():
        path.delete()
    return [*keys, *new]


def judge_part(
    folder: InstructFolder, stage: str, name: ShardName, judge: Callable[[Sequence[Row]], Outcome]
) -> Counts:
    """What a stage does that looks at one part at a time."""
    counts = done_before(folder, stage, name)
    if counts is not None:
        return counts
    rows = read_rows(folder, name, stage)
    return write_outcome(folder, stage, name, [row.key for row in rows], judge(rows))
