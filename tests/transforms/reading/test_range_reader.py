"""A range is whole, whatever breaks on its way; what cannot be had is told by its cause."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib

import pytest

from transforms.errors import InputError
from transforms.reading import range_reader
from transforms.reading.range_reader import RangeReader
from transforms.storage import StoragePath


@pytest.fixture
def file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> StoragePath:
    monkeypatch.setattr(range_reader, "_PAUSES_SECS", (0.0, 0.0))
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(5000))
    return StoragePath.of(path)


def test_threads_share_a_reader(file: StoragePath) -> None:
    content = file.read_bytes()
    reader = RangeReader(file, 5000)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda begin: reader.read(begin, 100), range(0, 5200, 7)))
    assert read == [content[begin : begin + 100] for begin in range(0, 5200, 7)]
    reader.close()


def test_a_file_that_was_cut_under_its_reader_is_told_as_changed(file: StoragePath) -> None:
    reader = RangeReader(file)
    pathlib.Path(file.path).write_bytes(b"short")
    with pytest.raises(InputError, match="has 5 bytes, had 5000 when it was listed"):
        reader.read(1000, 10)
    reader.close()


def test_a_file_that_is_gone_under_its_reader_is_told_as_gone(file: StoragePath) -> None:
    reader = RangeReader(file)
    pathlib.Path(file.path).write_bytes(b"")  # what is open stays readable
    file.delete()
    with pytest.raises(FileNotFoundError):
        reader.read(0, 10)
    reader.close()
