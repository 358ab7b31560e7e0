"""The same values as pyarrow's own conversion gives."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.arrow_values import plain_rows, plain_values
from transforms.instruct.schema import EDITS, FACTS, ROWS

_LEAVES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.string(): st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    pa.large_string(): st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    pa.binary(): st.binary(max_size=5),
    pa.binary(16): st.binary(min_size=16, max_size=16),
    pa.bool_(): st.booleans(),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32, allow_nan=False),
    pa.float64(): st.floats(allow_nan=False),
}


def _of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_struct(kind):
        found = st.fixed_dictionaries({field.name: _of(field.type) for field in kind})
    elif pa.types.is_list(kind):
        found = st.lists(_of(kind.value_type), max_size=3)
    else:
        found = _LEAVES[kind]
    return st.none() | found


@pytest.mark.slow
@pytest.mark.parametrize("schema", [ROWS, EDITS, FACTS])
@given(st.data())
def test_rows_are_those_of_pyarrow(schema: pa.Schema, data: st.DataObject) -> None:
    row = st.fixed_dictionaries({field.name: _of(field.type) for field in schema})
    table = pa.Table.from_pylist(data.draw(st.lists(row, max_size=4)), schema)
    assert plain_rows(table) == table.to_pylist()
    slid = table.slice(1, 2)
    assert plain_rows(slid) == slid.to_pylist()
    joined = pa.concat_tables([table, slid])
    assert plain_rows(joined) == joined.to_pylist()


@pytest.mark.slow
@given(st.data())
@pytest.mark.parametrize("kind", _LEAVES, ids=str)
def test_leaves_are_those_of_pyarrow(kind: pa.DataType, data: st.DataObject) -> None:
    values = data.draw(st.lists(_of(kind)))
    found = plain_values(pa.array(values, kind))
    assert found == values
    assert list(map(type, found)) == list(map(type, values))


def test_nothing_but_nulls() -> None:
    assert plain_values(pa.nulls(3)) == [None, None, None]
    assert plain_values(pa.chunked_array([], pa.string())) == []
