from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.grouping import equal_rows


@given(st.lists(st.integers(0, 5), max_size=30))
def test_each_value_has_its_rows_in_order(values: list[int]) -> None:
    found = {value: rows.tolist() for value, rows in equal_rows(np.array(values, dtype=np.uint64))}
    assert found == {value: [row for row, one in enumerate(values) if one == value] for value in sorted(set(values))}
    assert list(found) == sorted(found)
