"""Reads that are cut: what is missing is asked for again, and a failure is reported as one of the storage."""

from __future__ import annotations

import concurrent.futures
import io
import os
import pathlib
from collections.abc import Callable
from typing import Any, Literal

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from tests.transforms.cutting_proxy import cutting_store
from tests.transforms.reading.served import Served
from tests.transforms.reading.tars import tar_bytes, triple
from transforms import storage
from transforms.errors import InputError, InputReadError
from transforms.reading import range_reader, ranges_ahead
from transforms.reading.listing import list_shards
from transforms.reading.random_access import ImageReader
from transforms.reading.retried_file import RetriedFile
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath


class Cuts:
    """Reads of a file: whole, or every second one fails (``flaky``), or all do (``dead``); a failure ends or raises."""

    def __init__(self, state: Literal["whole", "flaky", "dead"], error: bool = False) -> None:
        self.state, self.error = state, error
        self.reads = 0

    def read(self, read: Callable[[int], bytes], size: int) -> bytes:
        self.reads += 1
        if self.state == "dead" or (self.state == "flaky" and self.reads % 2):
            if self.error:
                raise OSError("connection reset")
            return b""
        return read(min(size, 1000) if self.state == "flaky" else size)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes, Cuts], SourceSettings]:
    """Puts a file into a store whose reads are cut, and names it as a source."""
    monkeypatch.setattr(range_reader, "_PAUSES_SECS", (0.0, 0.0))

    def put(name: str, data: bytes, cuts: Cuts) -> SourceSettings:
        class CutFile(MemoryFile):
            def read(self, size: int = -1) -> bytes:
                return cuts.read(super().read, size)

            def readinto(self, buffer: Any) -> int:
                data = self.read(len(buffer))
                buffer[: len(data)] = data
                return len(data)

        class CutFileSystem(MemoryFileSystem):
            cachable = False
            store: dict[str, Any] = {}  # noqa: RUF012 (as in the class above)

            def _open(self, path: str, *_: Any, **__: Any) -> io.BytesIO:
                return CutFile(self, path, data)

        filesystem = CutFileSystem()
        filesystem.store[f"/bucket/{name}"] = MemoryFile(filesystem, f"/bucket/{name}", data)
        reached = pafs.PyFileSystem(pafs.FSSpecHandler(filesystem))
        monkeypatch.setattr(storage, "_filesystem", lambda _: reached)
        layout = "parquet" if name.endswith(".parquet") else "webdataset" if name.endswith(".tar") else "folder"
        return SourceSettings.model_validate(
            {"name": "web", "format": layout, "path": f"mem://bucket/{name}", "caption": "optional"}
        )

    return put


def parquet_bytes() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"image": [bytes([row]) * 3000 for row in range(4)], "caption": list("abcd")}), stream)
    return stream.getvalue()


FILES = {
    "a.tar": tar_bytes([*triple("a"), ("b.jpg", bytes(range(256)) * 20), *triple("c")]),
    "a.parquet": parquet_bytes(),
    "a.jpg": bytes(range(256)) * 20,
}


@pytest.mark.parametrize("error", [False, True], ids=["early end", "error"])
@pytest.mark.parametrize("name", FILES)
def test_reads_that_are_cut_are_taken_up_again(stored: Callable[..., SourceSettings], name: str, error: bool) -> None:
    whole = stored(name, FILES[name], Cuts("whole"))
    expected = [item for shard in list_shards(whole) for item in read_samples(shard, whole)]
    assert expected and all(isinstance(item, RawSample) for item in expected)
    cuts = Cuts("flaky", error)
    source = stored(name, FILES[name], cuts)
    [shard] = list_shards(source)
    assert list(read_samples(shard, source)) == expected
    with ImageReader(shard, source) as reader:
        for sample in expected:
            assert reader.read(sample.member_offset, sample.member_bytes) == sample.image
    assert cuts.reads > 5


@pytest.mark.parametrize("error", [False, True], ids=["early end", "error"])
@pytest.mark.parametrize("name", FILES)
def test_a_storage_that_gives_no_more_is_named_and_the_file_not_blamed(
    stored: Callable[..., SourceSettings], name: str, error: bool
) -> None:
    source = stored(name, FILES[name], Cuts("whole"))
    [shard] = list_shards(source)
    samples = [item for item in read_samples(shard, source) if isinstance(item, RawSample)]
    source = stored(name, FILES[name], Cuts("dead", error))
    said = rf"a\.\w+: reading stopped at byte \d+ of {len(FILES[name])} \("
    with pytest.raises(InputReadError, match=said):
        list(read_samples(shard, source))
    with pytest.raises(InputReadError, match=said), ImageReader(shard, source) as reader:
        reader.read(samples[0].member_offset, samples[0].member_bytes)


def test_a_file_that_grew_since_it_was_listed_is_an_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"12345")
    with pytest.raises(InputError, match="has 5 bytes, had 4 when it was listed"):
        RetriedFile(StoragePath.of(tmp_path / "a.bin"), 4)


def test_positions_and_sizes_are_those_of_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(100)))
    with RetriedFile(StoragePath.of(tmp_path / "a.bin"), 100) as file:
        assert (file.read(3), file.tell(), file.seek(-2, 2), file.read(), file.read(5)) == (
            b"\0\1\2",
            3,
            98,
            b"bc",
            b"",
        )
        assert (file.seek(1000), file.read(5), file.seek(10), file.seek(1, 1), file.read(1)) == (
            1000,
            b"",
            10,
            11,
            b"\x0b",
        )


@pytest.mark.parametrize("root", ["", "mem://store"], ids=["disk", "store"])
def test_it_is_a_stream_like_any_other(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read through Python's own buffers, and into memory that is larger than what is left."""
    monkeypatch.setattr(ranges_ahead, "RANGE_BYTES", 7)
    content = bytes(range(100))
    with io.BufferedReader(RetriedFile(Served(content, root=root)), 16) as buffered:
        assert (buffered.read(3), buffered.seek(-30, 2), buffered.read()) == (content[:3], 70, content[70:])
    file = RetriedFile(Served(content, root=root), 100)
    file.plan([(0, 100)])
    memory = bytearray(b"\xff" * 120)
    assert (file.read(0), file.read(5), file.readinto(memory)) == (b"", content[:5], 95)
    assert memory == content[5:] + b"\xff" * 25
    assert (file.readinto(memory), file.read(0), file.read(), file.seekable()) == (0, b"", b"", True)
    file.close()
    file.close()
    with pytest.raises(ValueError, match="is closed"):
        file.readinto(memory)


@pytest.mark.parametrize("failing", [OSError("disk is gone"), 0], ids=["error", "early end"])
def test_a_disk_that_gives_no_more_says_where(failing: int | OSError) -> None:
    file = RetriedFile(Served(bytes(100), 10, failing, root=""))
    file.seek(20)
    with pytest.raises(InputReadError, match=r"stopped at byte 30 of 100 \((disk is gone|no more bytes came)\)"):
        file.read(50)


@pytest.mark.slow
def test_an_s3_server_that_fails_in_one_call_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """503, resets and time-outs, while ranges and images are in flight: the same samples, and what was asked for."""
    monkeypatch.setattr(ranges_ahead, "RANGE_BYTES", 1 << 14)
    members = [(f"{row}.jpg", os.urandom(6000)) for row in range(40)]
    tar = tar_bytes([member for image in members for member in (image, (image[0].replace("jpg", "txt"), b"a"))])
    stream = io.BytesIO()
    rows = pa.table({"image": [image for _, image in members], "caption": ["a"] * 40})
    pq.write_table(rows, stream, row_group_size=10)
    with cutting_store(monkeypatch) as store:
        for layout, name, data in (("webdataset", "a.tar", tar), ("parquet", "a.parquet", stream.getvalue())):
            path = str(store.put(name, data))
            source = SourceSettings.model_validate({"name": "web", "format": layout, "path": path})
            store.faulty_every = 0
            [shard] = list_shards(source)
            store.faulty_every = 10
            samples = [sample for sample in read_samples(shard, source) if isinstance(sample, RawSample)]
            assert [sample.image for sample in samples] == [image for _, image in members]
            with ImageReader(shard, source) as reader, concurrent.futures.ThreadPoolExecutor(8) as pool:
                places = [(sample.member_offset, sample.member_bytes) for sample in samples]
                read = [pool.submit(reader.read, *place) for place in places]
                assert [one.result() for one in read] == [image for _, image in members]
        assert store.faults.keys() == {"503", "reset", "late"}


@pytest.mark.slow
def test_an_s3_server_whose_connections_break(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow's client asks some thirty times for itself; what it then reports is one failed read here."""
    data = tar_bytes([("a.jpg", bytes(range(256)) * 4000), ("a.txt", b"text")])
    with cutting_store(monkeypatch) as store:
        path = store.put("a.tar", data)
        source = SourceSettings(name="web", format="webdataset", path=str(path))
        [shard] = list_shards(source)
        store.cuts = 35
        [sample] = read_samples(shard, source)
        assert isinstance(sample, RawSample)
        assert (sample.image, store.cuts) == (bytes(range(256)) * 4000, 0)
