"""Counts by range of keys: added up, kept where they are frequent enough, read again."""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import pathlib
from typing import Any

import pyarrow as pa
import pytest

from concept_vocab.wikipedia.bz2_streams import Part
from tests.concept_vocab.sources.reading import OPTIONS
from transforms.errors import InputError, RunFolderError
from transforms.storage import StoragePath
from transforms.vocabularies.counting import (
    CountingJob,
    count_part,
    finish_counts,
    is_counted,
    ranges_for,
    read_counts,
    write_counts,
)


def job(folder: pathlib.Path, ranges: int) -> CountingJob:
    options = dataclasses.replace(OPTIONS, hourly_views=1, views=3)
    return CountingJob("page_views", options, StoragePath.of(folder), ranges)


def count(folder: pathlib.Path, ranges: int) -> CountingJob:
    """Two hours of 40 titles, title n seen n times in the first and once in the second."""
    made = job(folder / str(ranges), ranges)
    by_name: dict[str, list[pa.Table]] = {}
    for hour, seen in enumerate(([*range(40)], itertools.repeat(1, 40))):
        path = folder / f"{hour}.gz"
        path.write_bytes(gzip.compress("".join(f"en T{n} {views} 0\n" for n, views in enumerate(seen)).encode()))
        for name, table in count_part(Part(StoragePath.of(path), 0, 1), made):
            by_name.setdefault(name, []).append(table)
    assert not is_counted(made, {"of": "x"})
    finish_counts([write_counts(name, tables, made) for name, tables in by_name.items()], made, {"of": "x"})
    return made


@pytest.mark.parametrize("ranges", [1, 7])
def test_counts_are_added_up(ranges: int, tmp_path: pathlib.Path) -> None:
    made = count(tmp_path, ranges)
    assert is_counted(made, {"of": "x"}) and not is_counted(made, {"of": "y"})
    titles = read_counts(made)["titles"]
    assert titles.total == sum(range(40)) + 40
    rows: list[dict[str, Any]] = sorted(titles.table.to_pylist(), key=lambda row: row["count"])
    assert rows == [{"text": f"T{n}", "count": n + 1} for n in range(2, 40)]


def test_ranges_by_size() -> None:
    assert [ranges_for(size) for size in (0, 1 << 20, 20 << 30, 1 << 50)] == [1, 1, 81, 1000]


def test_damage_is_named(tmp_path: pathlib.Path) -> None:
    made = count(tmp_path, 1)
    (made.folder / "titles-0000.parquet").delete()
    with pytest.raises(RunFolderError, match=r"titles-0000\.parquet is missing or damaged"):
        read_counts(made)


def test_a_worker_names_a_faulty_part(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"no gzip")
    with pytest.raises(InputError, match=r"a\.gz is no gzip"):
        list(count_part(Part(StoragePath.of(tmp_path / "a.gz"), 0, 7), job(tmp_path, 1)))
