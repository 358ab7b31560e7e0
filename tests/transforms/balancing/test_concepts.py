"""What balancing left of each concept, and whether a floor was kept."""

from __future__ import annotations

import pathlib
import re

import pyarrow as pa
import pytest

from transforms.balancing.concepts import unkept_floor
from transforms.balancing.settings import BalanceSettings, EvenSettings
from transforms.datasets import CONCEPTS, write_table
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ([20, 5, 0], None),  # the floor, all that there are, and nothing of nothing
        ([19, 5, 0], r"^1 concepts .*floor \(20\).* 'a', which holds 19 of 100"),
        ([19, 1, 0], r"^2 concepts .* 'b', which holds 1 of 5"),
    ],
)
def test_a_floor_that_was_not_kept_is_told(tmp_path: pathlib.Path, after: list[int], says: str | None) -> None:
    folder = RunFolder(StoragePath.of(tmp_path), "f" * 16)
    columns = [range(3), ["a", "b", "c"], ["en"] * 3, [100, 5, 0], [0] * 3, after, [0.0] * 3]
    table = pa.table(
        [pa.array(list(column), field.type) for column, field in zip(columns, CONCEPTS, strict=True)], schema=CONCEPTS
    )
    write_table(folder.concepts, table, folder.fingerprint)
    told = unkept_floor(folder, BalanceSettings(method="even", size=10, even=EvenSettings(floor=20)))
    assert (told is None) == (says is None)
    assert says is None or re.search(says, str(told)), told
    assert unkept_floor(folder, BalanceSettings(method="raked", size=10)) is None
