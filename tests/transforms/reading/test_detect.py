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


@pytest.mark.parametrize("name", ["notes.md", "urls.csv", None])
def test_where_there_is_nothing_all_endings_are_named(tmp_path: pathlib.Path, name: str | None) -> None:
    if name is not None:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(
        InputError, match=rf"nothing to read at {tmp_path}: .*\.parquet, \.tar, \.jpg, .*\.webp"
    ) as error:
        detect_source(str(tmp_path))
    assert (name is None) == ("there is no file" in str(error.value))
    assert (name == "urls.csv") == ("img2dataset" in str(error.value))


def test_a_path_that_leads_nowhere(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=rf"there is nothing at {tmp_path}/photso\. Mend the path"):
        detect_source(f"{tmp_path}/photso")


@pytest.mark.parametrize("table", ["file,caption\n0.jpg,a dog\n", '{"image": "0.jpg", "text": "a dog"}\n'])
def test_one_file_of_captions_beside_the_images_is_theirs(tmp_path: pathlib.Path, table: str) -> None:
    name = "captions.csv" if table.startswith("file") else "all.jsonl"
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(b"image")
    (tmp_path / "sizes.csv").write_text("file,size\n0.jpg,3\n")
    assert detect_source(str(tmp_path)).captions is None
    (tmp_path / name).write_text(table)
    assert detect_source(str(tmp_path)).captions == name
    (tmp_path / "others.tsv").write_text("file\tcaption\nb/0.jpg\tno image of these\n")
    assert detect_source(str(tmp_path)).captions == name
    (tmp_path / "more.tsv").write_text("file\tcaption\n1.jpg\tother captions\n")
    assert detect_source(str(tmp_path)).captions is None, "which is meant?"
    (tmp_path / "more.tsv").unlink()
    (tmp_path / "questions.jsonl").write_text('{"image": "0.jpg", "text": "?"}\n{"image": "far.jpg", "text": "?"}\n')
    assert detect_source(str(tmp_path)).captions == name, "of what lies elsewhere"
    (tmp_path / "2.txt").write_text("its own")
    assert detect_source(str(tmp_path)).captions is None
