"""Files that are complete or absent, on whatever file system."""

from __future__ import annotations

import gzip
import os
import pathlib
import pickle
from collections.abc import Callable

import pyarrow as pa
import pyarrow.fs as pafs
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.transforms.full_disk import no_file_over
from transforms import storage
from transforms.datasets import write_table
from transforms.errors import InputError, RunFolderError
from transforms.hashed_stream import HashedStream
from transforms.storage import StoragePath, StoredFile, expand, find_files


def test_a_file_appears_only_when_it_is_complete(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "a" / "b.bin"
    with pytest.raises(ZeroDivisionError), path.atomic_writer() as stream:
        stream.write(b"half")
        assert not path.exists()
        raise ZeroDivisionError
    assert (StoragePath.of(tmp_path)).walk() == []
    path.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert os.listdir(tmp_path / "a") == ["b.bin"]


def test_what_a_killed_writer_leaves_is_not_listed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"1")
    (tmp_path / "y.tar.partial-0123").write_bytes(b"2")
    assert [path.name for path in StoragePath.of(tmp_path).walk()] == ["x.tar"]
    StoragePath.of(tmp_path).remove_partials()
    assert os.listdir(tmp_path) == ["x.tar"]


def test_what_killed_writers_of_one_file_left(tmp_path: pathlib.Path) -> None:
    names = ["x.tar", "x.tar.partial-0123", "xy.tar.partial-0123", "b"]
    for name in names:
        (tmp_path / name).write_bytes(b"1")
    StoragePath.of(tmp_path / "x.tar").remove_own_partials()
    StoragePath.of(tmp_path / "none" / "x.tar").remove_own_partials()
    assert sorted(os.listdir(tmp_path)) == sorted(set(names) - {"x.tar.partial-0123"})


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("s3://bucket/a/b.tar?region=eu-west-1", "bucket/a/b.tar"),
        ("gs://bucket/a/b.tar", "bucket/a/b.tar"),
        ("file:///data/b.tar", "/data/b.tar"),
    ],
)
def test_uris_are_kept_whole(uri: str, path: str) -> None:
    location = StoragePath.of(uri)
    assert location.path == path
    assert str(location).removeprefix("file://") == uri.removeprefix("file://")
    assert str(location.parent / "c").removeprefix("file://") == uri.removeprefix("file://").replace("b.tar", "c")
    assert pickle.loads(pickle.dumps(location)) == location


def test_files_of_one_bucket_share_their_file_system() -> None:
    """Each of its own would begin with connections and rights of its own."""
    paths = [StoragePath.of(f"s3://bucket{rest}?region=eu-west-1") for rest in ("", "/a.tar", "/b/c.tar", "/b/c/")]
    assert {path.root for path in paths} == {"s3://bucket?region=eu-west-1"}
    assert [path.path for path in paths] == ["bucket", "bucket/a.tar", "bucket/b/c.tar", "bucket/b/c"]
    assert len({id(path.filesystem) for path in paths}) == 1


@pytest.mark.parametrize(("before", "after"), [(8, 64), (100, 100)])
def test_a_store_gets_as_many_connections_as_it_needs(before: int, after: int) -> None:
    threads = pa.io_thread_count()
    try:
        pa.set_io_thread_count(before)
        StoragePath.of(f"gs://bucket-{before}/a.tar")
        assert pa.io_thread_count() == after
        StoragePath.of("file:///a.tar").exists()
        assert pa.io_thread_count() == after
    finally:
        pa.set_io_thread_count(threads)


def test_a_file_is_read_as_it_is_whatever_its_name(tmp_path: pathlib.Path) -> None:
    """Arrow would decompress by the ending, and sizes and places would be others."""
    path = StoragePath.of(tmp_path) / "a.b.gz"
    data = gzip.compress(b"text")
    path.write_bytes(data)
    with path.open_stream() as stream, path.open_random() as file:
        assert path.read_bytes() == stream.read() == file.read_at(len(data), 0) == data
    assert (path.name, path.stem, StoragePath.of(path)) == ("a.b.gz", "a.b", path)
    assert not path.is_in_object_store and StoragePath("bucket/a", "s3://bucket").is_in_object_store


def test_what_is_stored_below_a_folder_of_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """In folders of any depth, in order of paths; nothing where there is no such folder."""
    memory = MemoryFileSystem()
    memory.store, memory.pseudo_dirs = {}, [""]  # its own, not that of all
    monkeypatch.setattr(storage, "_filesystem", lambda _: pafs.PyFileSystem(pafs.FSSpecHandler(memory)))
    folder = StoragePath("bucket", "mem://bucket")
    for name in ("b.tar", "a/z/c.tar", "a.tar"):
        memory.pipe_file(f"/bucket/{name}", b"12")
    found = folder.stored_below()
    assert sorted(found) == found and len(found) == 3
    assert {(file.path.name, file.size_bytes, file.path.root) for file in found} == {
        (name, 2, "mem://bucket") for name in ("a.tar", "b.tar", "c.tar")
    }
    assert (folder / "none").stored_below() == []


def test_a_file_that_is_right_stays_untouched(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "a.json"
    path.keep_bytes(b"one")
    os.utime(path.path, ns=(5, 5))
    path.keep_bytes(b"one")
    assert path.read_bytes() == b"one" and os.stat(path.path).st_mtime_ns == 5
    path.keep_bytes(b"two")
    assert path.read_bytes() == b"two" and os.stat(path.path).st_mtime_ns != 5


def test_an_unknown_scheme_is_the_users_to_mend() -> None:
    with pytest.raises(InputError, match="cannot reach ftp://host/x"):
        StoragePath.of("ftp://host/x")


@pytest.mark.slow
def test_a_store_that_does_not_answer_is_the_users_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    nobody = StoragePath.of("s3://bucket/a?scheme=http&endpoint_override=127.0.0.1:9&region=us-east-1")
    with pytest.raises(InputError, match=r"cannot look at s3://.*Check the path"):
        nobody.exists()


def test_expand(tmp_path: pathlib.Path) -> None:
    for name in ("a/1.tar", "a/2.tar", "b/3.tar", "b/note.txt", "q?[.tar"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    def names(pattern: str) -> list[str]:
        return [path.relative_to(StoragePath.of(tmp_path)) for path in expand(f"{tmp_path}/{pattern}")]

    assert names("a") == ["a/1.tar", "a/2.tar"]
    assert names("*/*.tar") == ["a/1.tar", "a/2.tar", "b/3.tar"]
    assert names("a/?.tar") == ["a/1.tar", "a/2.tar"]
    assert names("a/[2-9].tar") == ["a/2.tar"]
    assert names("q?[.tar") == ["q?[.tar"]  # a file of that very name comes before the pattern
    assert names("none") == names("none/*.tar") == []


def test_what_is_stored_below_a_folder(tmp_path: pathlib.Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xe9.tar"
    for name in (odd, os.fsencode(tmp_path / "b.tar.partial-1")):
        with open(name, "wb") as file:
            file.write(b"12")
        os.utime(name, ns=(7, 7))
    os.symlink(tmp_path / "gone", tmp_path / "link.tar")
    names = [os.fsdecode(odd), str(tmp_path / "b.tar.partial-1")]
    expected = sorted(StoredFile(StoragePath(name), 2, 7) for name in names)
    assert StoragePath.of(tmp_path).stored_below() == expected
    assert [file.path for file in find_files(str(tmp_path))] == [StoragePath(os.fsdecode(odd))]
    assert (StoragePath.of(tmp_path) / "b.tar.partial-1").stored() == StoredFile(StoragePath(names[1]), 2, 7)
    assert StoragePath.of(tmp_path).stored() is None and (StoragePath.of(tmp_path) / "none").stored() is None


def test_an_output_that_cannot_be_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RunFolderError, match=r"cannot write .*Choose an output folder"):
        (StoragePath.of(tmp_path) / "file" / "run.json").write_text("{}")


def write_plain(path: StoragePath) -> None:
    path.write_bytes(bytes(20_000))


def write_parquet(path: StoragePath) -> None:
    write_table(path, pa.table({"key": [os.urandom(50) for _ in range(1_000)]}), "0123456789abcdef")


def write_hashed(path: StoragePath) -> None:
    with path.atomic_writer() as stream:
        HashedStream(stream).write(bytes(3 << 20))


@pytest.mark.parametrize("write", [write_plain, write_parquet, write_hashed])
def test_a_full_disk_is_said_with_what_could_not_be_written(
    tmp_path: pathlib.Path, write: Callable[[StoragePath], None]
) -> None:
    path = StoragePath.of(tmp_path) / "a.bin"
    with no_file_over(5_000), pytest.raises(RunFolderError) as caught:
        write(path)
    assert str(caught.value) == (
        f"cannot write {path}: File too large. Free space there and run the same command again: it goes on with what "
        "is missing."
    )
    assert os.listdir(tmp_path) == []
    write(path)
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_error_of_reading_while_a_file_is_written_is_not_one_of_writing(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "a.bin"
    with no_file_over(5_000), pytest.raises(FileNotFoundError), path.atomic_writer():
        open(tmp_path / "absent", "rb")  # noqa: SIM115 - it does not open


def test_a_name_that_is_taken_by_a_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.bin" / "b").mkdir(parents=True)
    with pytest.raises(RunFolderError, match=r"cannot write .*a\.bin: .*Mend that and run the same command again"):
        write_plain(StoragePath.of(tmp_path) / "a.bin")
    assert os.listdir(tmp_path) == ["a.bin"]


def test_braces_stand_for_several_paths(tmp_path: pathlib.Path) -> None:
    names = ["00.tar", "01.tar", "02.tar", "en/a.tar", "en/b.txt", "zh/a.tar", "z{h/a.tar", "{x,y}/c.tar", "enough.tar"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    def found(pattern: str) -> list[str]:
        return [path.relative_to(StoragePath.of(tmp_path)) for path in expand(f"{tmp_path}/{pattern}")]

    assert found("{00..01}.tar") == ["00.tar", "01.tar"]
    assert found("{02..02}.tar") == found("0{2,2}.tar") == ["02.tar"]
    assert found("{en,zh}") == ["en/a.tar", "en/b.txt", "zh/a.tar"]
    assert found("{en,zh}/*.tar") == ["en/a.tar", "zh/a.tar"]
    assert found("{0*,en/b*}") == ["00.tar", "01.tar", "02.tar", "en/b.txt"]
    assert found("{en,en/a.tar}") == ["en/a.tar", "en/b.txt"]
    assert found("{01,02,enough}.tar") == ["01.tar", "02.tar", "enough.tar"]
    assert found("z{h") == found("z{h/a.tar") == found("z{h/*.tar") == ["z{h/a.tar"]  # no pair of braces, and so a name
    assert found("{x,y}") == ["{x,y}/c.tar"]  # there is such a folder
    with pytest.raises(InputError, match=r"\{01\.\.03\}\.tar names .*/03\.tar, where there is nothing"):
        found("{01..03}.tar")
    with pytest.raises(InputError, match="more than 1000000 paths"):
        found("{0..9999}{0..9999}.tar")


def test_a_store_out_of_reach_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow's own limit is a quarter of an hour."""
    asked: list[str] = []

    class Arrow:
        class FileSystem:
            @staticmethod
            def from_uri(uri: str) -> tuple[pafs.FileSystem, str]:
                asked.append(uri)
                return pafs.LocalFileSystem(), ""

    monkeypatch.setattr(storage, "pafs", Arrow)
    storage._filesystem.__wrapped__("gs://somewhere")
    storage._filesystem.__wrapped__("gs://somewhere?retry_limit_seconds=9&scheme=http")
    storage._filesystem.__wrapped__("s3://somewhere?region=us-east-1")
    assert asked == [
        "gs://somewhere?retry_limit_seconds=120",
        "gs://somewhere?retry_limit_seconds=9&scheme=http",
        "s3://somewhere?region=us-east-1&allow_delayed_open=true",
    ]
