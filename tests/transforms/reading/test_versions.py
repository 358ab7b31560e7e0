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


def versions(source: SourceSettings) -> list[str]:
    table = inputs_table(list_shards(source, files_per_shard=2))
    assert table.schema == INPUTS
    found: list[str] = table["version"].to_pylist()
    return found


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
