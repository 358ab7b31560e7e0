"""Arrow → plain Python values, column by column.

:meth:`pyarrow.Table.to_pylist` makes an object of Arrow's for each value of each struct on the way. Here each leaf is
brought over as a whole, and lists are cut out of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """(N,) what ``table.to_pylist()`` gives. Columns are of texts, bytes, truth values, integers, floats, and of lists
    and structs of them."""
    columns = [plain_values(column) for column in table.columns]
    names = table.column_names
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def plain_values(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """What ``column.to_pylist()`` gives."""
    if isinstance(column, pa.ChunkedArray):
        return [value for chunk in column.chunks for value in _values(chunk)]
    return _values(column)


def _values(array: pa.Array) -> list[Any]:
    kind = array.type
    if pa.types.is_struct(kind):
        fields = [_values(array.field(at)) for at in range(kind.num_fields)]
        names = [kind.field(at).name for at in range(kind.num_fields)]
        return _with_nulls(array, [dict(zip(names, values, strict=True)) for values in zip(*fields, strict=True)])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(array)
    if pa.types.is_null(kind):
        return [None] * len(array)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        whole = pc.fill_null(array, 0) if array.null_count else array
        return _with_nulls(array, whole.to_numpy(zero_copy_only=False).tolist())
    found: list[Any] = array.to_numpy(zero_copy_only=False).tolist()  # with None for a null
    return found


def _lists(array: pa.Array) -> list[Any]:
    inner = _values(array.flatten())  # of a slice, its own alone; nothing of a null
    return _with_nulls(array, [inner[first:end] for first, end in bounds_of(array)])


def bounds_of(lists: pa.Array) -> Iterator[tuple[int, int]]:
    """Where each list begins and ends in what ``lists.flatten()`` gives."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    ends = np.cumsum(lengths)
    return zip((ends - lengths).tolist(), ends.tolist(), strict=True)


def _with_nulls(array: pa.Array, values: list[Any]) -> list[Any]:
    if not array.null_count:
        return values
    is_there = array.is_valid().to_numpy(zero_copy_only=False).tolist()
    return [value if there else None for value, there in zip(values, is_there, strict=True)]
