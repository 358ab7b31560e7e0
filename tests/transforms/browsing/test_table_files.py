from __future__ import annotations

import csv
import pathlib
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.browsing.table_files import write_csv, write_parquet
from transforms.storage import StoragePath

SCHEMA = pa.schema([("name", pa.string()), ("count", pa.int64())])
NAMES = ['say "hi"', "a,b", "line\nbreak", "狗", None]


def parts() -> Iterator[pa.Table]:
    for names in (NAMES[:2], [], NAMES[2:]):
        yield pa.table([pa.array(names, pa.string()), pa.array([1] * len(names), pa.int64())], schema=SCHEMA)


def test_every_part_is_written(tmp_path: pathlib.Path) -> None:
    assert write_csv(StoragePath.of(tmp_path / "a.csv"), SCHEMA, parts()) == 5
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["name", "count"] and [row[0] for row in rows] == [*NAMES[:-1], ""]
    assert write_parquet(StoragePath.of(tmp_path / "a.parquet"), SCHEMA, parts()) == 5
    assert pq.read_table(tmp_path / "a.parquet")["name"].to_pylist() == NAMES


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_file_is_whole_or_not_there(write: Callable[..., int], tmp_path: pathlib.Path) -> None:
    def broken_off() -> Iterator[pa.Table]:
        yield from parts()
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        write(StoragePath.of(tmp_path / "a"), SCHEMA, broken_off())
    assert not (tmp_path / "a").exists()
    assert write(StoragePath.of(tmp_path / "none"), SCHEMA, []) == 0 and (tmp_path / "none").is_file()
