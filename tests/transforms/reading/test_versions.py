"""What tells that an input has changed: times, of files and of the files of a folder's shards."""

from __future__ import annotations

import os
import pathlib

import pytest
from PIL import Image

from tests.transforms.exporting.small_run import draw_tars
from transforms.reading.inputs import INPUTS, inputs_table
from transforms.reading.listing import list_shards
from transforms.reading.settings import SourceSettings
from transforms.reading.versions import files_version
from transforms.storage import StoragePath, StoredFile


def versions(source: SourceSettings) -> list[str]:
    table = inputs_table(list_shards(source, files_per_shard=2))
    assert table.schema == INPUTS
    found: list[str] = table["version"].to_pylist()
    return found


def test_columns_have_their_types_where_there_is_no_row() -> None:
    assert inputs_table([]).schema == INPUTS


@pytest.mark.parametrize("tars", [1, 3])
def test_the_time_of_a_tar(tars: int, tmp_path: pathlib.Path) -> None:
    source = draw_tars(tmp_path / "raw", shards=tars, samples=1)
    before = versions(source)
    os.utime(tmp_path / "raw" / "00000.tar", ns=(5, 5))
    assert versions(source) == ["5", *before[1:]]


def test_the_times_of_a_folder(tmp_path: pathlib.Path) -> None:
    for number in range(4):
        Image.new("RGB", (9, 9), (number, 0, 0)).save(tmp_path / f"{number}.png")
        os.utime(tmp_path / f"{number}.png", ns=(number, number))
    captions = tmp_path / "captions.csv"
    captions.write_text("file,caption\n0.png,a\n1.png,b\n")
    source = SourceSettings(name="some", format="folder", path=str(tmp_path), captions="captions.csv")
    first, second = versions(source)
    os.utime(tmp_path / "0.png", ns=(1, 1))  # no later than its neighbour, which is in the same shard
    changed, same = versions(source)
    assert changed != first and same == second
    os.utime(captions, ns=(1, 1))
    assert not set(versions(source)) & {changed, second}


def test_files_that_are_one_shard_together() -> None:
    """Another time or another name is another version; what the store does not tell is no difference."""
    files = [StoredFile(StoragePath("/a"), 1, 5), StoredFile(StoragePath("/b"), 1, None)]
    version = files_version(files)
    assert version and files_version(list(files)) == version
    assert files_version([files[0]._replace(modified_ns=6), files[1]]) != version
    assert files_version([files[0], files[1]._replace(path=StoragePath("/c"))]) != version
    assert files_version(files[:1]) != version


def test_a_folder_with_a_name_that_is_not_utf_8(tmp_path: pathlib.Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xe9t\xe9.png"
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    with open(name, "wb") as file:
        file.write((tmp_path / "a.png").read_bytes())
    source = SourceSettings(name="some", format="folder", path=str(tmp_path))
    before = versions(source)
    os.utime(name, ns=(1, 1))
    assert versions(source) != before
    assert len(before) == 1
