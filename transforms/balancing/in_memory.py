"""Annotations in, selection out: balancing a table that is in memory, without a run folder and without Beam.

The same passes as those of a run, so the same rows: a run's own annotations under its own settings give its selection.

Shape legend: N rows, K concepts an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms import keyed
from transforms.balancing import passes
from transforms.balancing.cells import Cells
from transforms.balancing.in_turn import decide
from transforms.balancing.passes import RowReader
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import ALL
from transforms.datasets import ShardName, list_matrix
from transforms.errors import InputError

#: What tells the rows of a table apart; those that it has stand in the selection too.
_IDENTITY = ("source", "shard", "key", "sample_id")
_ROW = "row"


def balance_table(
    annotations: pa.Table,
    settings: BalanceSettings,
    names: Sequence[str] | None = None,
    types: Sequence[str | None] | None = None,
) -> pa.Table:
    """Choose exactly ``settings.size`` of the rows of ``annotations``, so that their concepts are evenly spread.

    Args:
        annotations: ``concept_ids``, a list of the concepts of each image, and what tells rows apart: ``sample_id``, or
            ``key`` with ``source`` and ``shard`` where there are any. ``concept_scores`` are needed with
            min_similarity, ``source`` or ``lang`` with strata or caps. Other columns are passed over.
        names: what the concepts are called, by id; needed where ``even.target`` names some.
        types: what kind of thing each concept is, by id; needed where ``even.target_by_type`` or ``even.caps.type``
            gives shares.

    Returns the chosen rows in their order: source, shard, key and sample_id as far as they were given, ``copies`` and
    ``inclusion_probability`` (the expected number of copies; those it has where one came in for a floor), and ``row``,
    their place in ``annotations``.

    Raises InputError for a table that lacks a column or holds one row twice, EvenweaveError where it cannot give the
    size asked for.
    """
    reader = _TableReader(settings, _prepared(annotations, settings), names, types)
    shards = reader.names()
    ids = list_matrix(reader.rows["concept_ids"])
    if ids.min(initial=-1) < -1:
        raise InputError(f"the annotations hold the concept {ids.min()}: ids count from 0, and -1 is none")
    decision = decide(reader, shards, int(ids.max(initial=-1)) + 1)
    kept = (*(name for name in _IDENTITY if name in annotations.column_names), _ROW)
    known = (reader, decision.weighting, decision.expectation, decision.cut, decision.exchange)
    chosen = [passes.choose(name, *known, kept) for name in shards]
    table = pa.concat_tables([part.table for part in chosen]).append_column(
        "copies", pa.array(np.concatenate([part.copies[part.copies > 0] for part in chosen]), pa.int32())
    )
    expected = pa.array(np.concatenate([part.expected for part in chosen]), pa.float64())
    return table.append_column("inclusion_probability", expected).sort_by(_ROW)


@dataclass(frozen=True)
class _TableReader(RowReader):
    """Rows of a table: those of each source are a shard, since a shard lies in one source."""

    settings: BalanceSettings
    rows: pa.Table
    concepts_called: Sequence[str] | None = None
    concepts_of: Sequence[str | None] | None = None

    def names(self) -> list[ShardName]:
        if not self._by_source:
            return [ShardName(ALL, ALL)]
        return [ShardName(source, ALL) for source in sorted(pc.unique(self.rows["source"]).to_pylist())]

    def read_columns(self, name: ShardName, columns: Sequence[str]) -> pa.Table:
        rows = self.rows.filter(pc.equal(self.rows["source"], name.source)) if self._by_source else self.rows
        return rows.select(list(columns))

    def concepts_told(self, n_concepts: int) -> tuple[Sequence[str], Sequence[str | None]]:
        even = self.settings.even
        if even.target and self.concepts_called is None:
            raise InputError("balance.even.target names concepts: give their names too, balance_table(…, names=…)")
        if (even.target_by_type or even.caps.type) and self.concepts_of is None:
            raise InputError(
                "balance.even.target_by_type and caps.type need types: give them too, balance_table(…, types=…)"
            )
        names, types = (self.concepts_called or ())[:n_concepts], (self.concepts_of or ())[:n_concepts]
        more = n_concepts - len(names), n_concepts - len(types)
        return [*names, *[""] * more[0]], [*types, *[None] * more[1]]

    @property
    def _by_source(self) -> bool:
        return Cells.of(self.settings).are_by_source


def _prepared(annotations: pa.Table, settings: BalanceSettings) -> pa.Table:
    """With lists of one length, sample ids and the numbers of the rows, in one chunk."""
    _require(annotations, "concept_ids", "balance needs the concepts of each image")
    table = annotations.select([name for name in annotations.column_names if name != _ROW]).combine_chunks()
    table = _with_matrix(table, "concept_ids", pa.int32(), -1)
    if settings.min_similarity > 0:
        _require(annotations, "concept_scores", "min_similarity is above 0")
        table = _with_matrix(table, "concept_scores", pa.float16(), float("nan"))
    cells = Cells.of(settings)
    if cells.are_by_lang:
        _require(annotations, "lang", "the settings have strata or caps by language")
    if cells.are_by_source:
        _require(annotations, "source", "the settings have strata or caps by source")
        if table["source"].null_count:
            raise InputError("the annotations have rows without a source, by which the settings divide them")
    if "sample_id" not in table.column_names:
        table = table.append_column("sample_id", _sample_ids(table))
    if len(pc.unique(table["sample_id"])) != len(table):
        raise InputError("the annotations hold rows of one identity twice: give each a key (or sample_id) of its own")
    return table.append_column(_ROW, pa.array(np.arange(len(table))))


def _require(table: pa.Table, column: str, why: str) -> None:
    if column not in table.column_names:
        raise InputError(
            f"the annotations lack the column {column!r}: {why}. They have {', '.join(table.column_names)}"
        )


def _with_matrix(table: pa.Table, name: str, kind: pa.DataType, filler: float) -> pa.Table:
    """With the lists of a column all of one length, K, at least 1; what is null in them, and what they lack, is
    ``filler``."""
    column = table[name]
    if pa.types.is_fixed_size_list(column.type) and column.type.value_type == kind and not column.null_count:
        return table
    expected = f"the annotations hold {column.type} in {name!r}, in place of lists of {kind}"
    if not any(is_kind(column.type) for is_kind in (pa.types.is_list, pa.types.is_large_list, _is_fixed)):
        raise InputError(expected)
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype(np.int64)
    try:
        flat = pc.fill_null(pc.list_flatten(column).cast(kind), pa.scalar(filler, kind)).to_numpy()
    except pa.ArrowException as error:
        raise InputError(f"{expected}: {error}") from error
    width = max(int(lengths.max(initial=1)), 1)
    matrix = np.full((len(table), width), filler, kind.to_pandas_dtype())
    matrix[np.arange(width) < lengths[:, None]] = flat
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel(), kind), width)
    return table.set_column(table.schema.get_field_index(name), name, fixed)


def _is_fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(kind))


def _sample_ids(table: pa.Table) -> pa.Array:
    """Those that annotate would give: hashes of source, shard and key."""
    _require(table, "key", "without it or sample_id nothing tells rows apart")
    keys = table["key"].to_pylist()
    if None in keys:
        raise InputError("the annotations have rows without a key")
    ids = np.empty(len(table), np.uint64)
    for (source, shard), rows in _groups(table).items():
        ids[rows] = keyed.sample_ids(source, shard, [keys[row] for row in rows])
    return pa.array(ids)


def _groups(table: pa.Table) -> dict[tuple[str, str], list[int]]:
    """Rows by source and shard; a column that is not there is empty text."""
    columns = [
        table[name].to_pylist() if name in table.column_names else [""] * len(table) for name in ("source", "shard")
    ]
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (source, shard) in enumerate(zip(*columns, strict=True)):
        groups.setdefault((source or "", shard or ""), []).append(row)
    return groups
