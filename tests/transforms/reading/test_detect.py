"""The format of what somebody points at."""

from __future__ import annotations

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.reading.tars import tar_bytes, triple
from transforms.errors import InputError
from transforms.reading.detect import detect_source


def test_of_files_of_several_formats_tars_are_meant(tmp_path: pathlib.Path) -> None:
    (tmp_path / "cover.jpg").write_bytes(b"image")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "0.TAR").write_bytes(tar_bytes(triple("a")))
    told = detect_source(str(tmp_path))
    assert (told.name, told.format, told.path, told.caption) == ("input", "webdataset", str(tmp_path), "optional")
    assert detect_source(f"{tmp_path}/*.jpg").format == "folder"


def test_columns_are_told_with_the_format(tmp_path: pathlib.Path) -> None:
    pq.write_table(pa.table({"jpg": pa.array([b"x"], pa.binary()), "text": ["t"]}), tmp_path / "a.parquet")
    told = detect_source(str(tmp_path))
    assert (told.format, told.image_column, told.caption_column) == ("parquet", "jpg", "text")


@pytest.mark.parametrize("name", ["notes.md", None])
def test_where_there_is_nothing_all_endings_are_named(tmp_path: pathlib.Path, name: str | None) -> None:
    if name is not None:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=rf"nothing to read at {tmp_path}: .*\.parquet, \.tar, \.jpg, .*\.webp"):
        detect_source(str(tmp_path))
