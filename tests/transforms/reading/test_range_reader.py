"""A range is whole, whatever breaks on its way; what cannot be had is told by its cause."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib

import pytest

from tests.transforms.reading.served import Outcome, Served
from transforms.errors import InputError, InputReadError
from transforms.reading import range_reader
from transforms.reading.range_reader import RangeReader
from transforms.storage import StoragePath


@pytest.fixture
def file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> StoragePath:
    monkeypatch.setattr(range_reader, "_PAUSES_SECS", (0.0, 0.0))
    path = tmp_path / "a.bin"
    path.write_bytes(os.urandom(5000))
    return StoragePath.of(path)


CONTENT = bytes(range(256)) * 20
LOST = OSError("connection reset")


@pytest.mark.parametrize(
    ("outcomes", "connections"),
    [
        ((), 1),
        ((1000,), 1),
        ((1000, 700, 1), 1),
        ((LOST,), 2),
        ((0, LOST), 3),
        ((LOST, 0, 500, LOST, 0, 500, LOST, LOST), 7),
    ],
    ids=["whole", "two pieces", "four pieces", "an error", "nothing, an error", "again and again"],
)
def test_what_is_missing_is_asked_for_again(
    outcomes: tuple[Outcome, ...], connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over another connection where nothing came; what came in between begins the count of failures anew."""
    monkeypatch.setattr(range_reader, "_PAUSES_SECS", (0.0, 0.0))
    file = Served(CONTENT, *outcomes)
    reader = RangeReader(file, len(CONTENT))
    assert reader.read(300, 2500) == CONTENT[300:2800]
    assert file.connections == connections
    assert all(offset + size == 2800 for offset, size in file.reads)
    reader.close()


@pytest.mark.parametrize(("failing", "cause"), [(LOST, "connection reset"), (0, "no more bytes came")])
@pytest.mark.parametrize("first", [(), (100,)], ids=["at once", "after some bytes"])
def test_after_the_last_pause_it_is_given_up(
    first: tuple[Outcome, ...], failing: Outcome, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    file = Served(CONTENT, *first, *[failing] * 50)
    reader = RangeReader(file)
    with pytest.raises(InputReadError, match=rf"stopped at byte {1000 + sum(first)} of 5120 \({cause}\)"):
        reader.read(1000, 200)
    assert waited == list(range_reader._PAUSES_SECS)
    assert len(file.reads) == len(first) + 1 + len(waited)
    reader.close()


def test_a_connection_that_breaks_is_replaced_and_not_after_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread may wait for its next attempt while another closes the reader."""
    file = Served(CONTENT, LOST)
    reader = RangeReader(file)
    monkeypatch.setattr("time.sleep", lambda _: reader.close())
    with pytest.raises(ValueError, match="closed"):
        reader.read(0, 10)
    assert file.connections == 2 and all(one.closed for one in file.opened)


def test_what_cannot_be_opened_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputReadError, match=rf"cannot open {tmp_path}: .*Check the connection and your rights"):
        RangeReader(StoragePath.of(tmp_path))


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
