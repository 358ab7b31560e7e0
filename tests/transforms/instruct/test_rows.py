"""Rows come back from Parquet as they were, through the project's own files and through ``datasets``."""

from __future__ import annotations

import pathlib

import pytest

from tests.transforms.instruct.small_rows import ROWS_OF_ALL_KINDS
from transforms.datasets import read_table, write_table
from transforms.instruct.rows import from_table, to_table
from transforms.instruct.schema import EDITS, FACTS, ROWS
from transforms.storage import StoragePath


def test_rows_survive_parquet(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path / "rows.parquet")
    table = to_table(ROWS_OF_ALL_KINDS)
    assert table.schema == ROWS
    write_table(path, table, "f" * 16)
    assert tuple(from_table(read_table(path, "f" * 16))) == ROWS_OF_ALL_KINDS


def test_places_of_media_count_all_kinds_at_rest() -> None:
    content = to_table(ROWS_OF_ALL_KINDS)["messages"][0].as_py()[1]["content"]
    assert [part["media"] for part in content] == [1, None, 0, None, 2]


def test_datasets_loads_them(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    import datasets

    for name, table in (
        ("rows", to_table(ROWS_OF_ALL_KINDS)),
        ("edits", EDITS.empty_table()),
        ("facts", FACTS.empty_table()),
    ):
        write_table(StoragePath.of(tmp_path / f"{name}.parquet"), table, "f" * 16)
    found = datasets.Dataset.from_parquet(str(tmp_path / "rows.parquet"), cache_dir=str(tmp_path / "cache"))
    assert found[0]["messages"][2]["reasoning"] == "Look." and found[0]["media"][2]["bytes"] == b"\x89"
    assert [row["key"] for row in found] == ["s/a/0", "s/a/1"]
