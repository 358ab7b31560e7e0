"""Images are counted where the format tells, and else by the bytes of an image in some shards."""

from __future__ import annotations

import io
import pathlib
import tarfile

import pytest

from transforms.planning.counting import count_images
from transforms.reading.listing import list_shards
from transforms.reading.settings import SourceSettings


def write_tar(path: pathlib.Path, samples: int) -> None:
    with tarfile.open(path, "w") as tar:
        for number in range(samples):
            for ending, size in (("jpg", 3000), ("txt", 20)):
                info = tarfile.TarInfo(f"{number:05d}.{ending}")
                info.size = size
                tar.addfile(info, io.BytesIO(b"a" * size))


def count(source: SourceSettings) -> float:
    return count_images(list_shards(source, 1000), {source.name: source})


def test_tars_by_the_bytes_of_the_first_and_the_last(tmp_path: pathlib.Path) -> None:
    for number, samples in enumerate((100, 90, 110, 100)):
        write_tar(tmp_path / f"{number}.tar", samples)
    source = SourceSettings(name="a", format="webdataset", path=str(tmp_path), language="en")
    assert count(source) == pytest.approx(400, rel=0.03)


def test_files_of_a_folder_are_counted(tmp_path: pathlib.Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.jpg").write_bytes(b"a")
    assert count(SourceSettings(name="a", format="folder", path=str(tmp_path), language="en")) == 7
