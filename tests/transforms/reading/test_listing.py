"""Listing of a source: names, order, sizes, and what is said when there is nothing to read."""

from __future__ import annotations

import pathlib

import pytest

from transforms.configuration import validate
from transforms.errors import ConfigError, InputError
from transforms.reading.formats import FORMATS
from transforms.reading.listing import list_shards
from transforms.reading.settings import SourceSettings


def source_of(path: object, **settings: str) -> SourceSettings:
    return SourceSettings.model_validate({"name": "web", "format": "webdataset", "path": str(path), **settings})


def touch(path: pathlib.Path, size_bytes: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size_bytes))


def test_names_are_unique_sorted_and_without_slashes(tmp_path: pathlib.Path) -> None:
    for name, size_bytes in (("b/0.tar", 10), ("a/0.tar", 20), ("a/1.tar", 30), ("a__1.tar", 40), ("notes.txt", 50)):
        touch(tmp_path / name, size_bytes)
    shards = list_shards(source_of(tmp_path))
    sizes = {shard.name: shard.size_bytes for shard in shards}
    assert list(sizes) == sorted(sizes)
    assert (len(sizes), sizes["a__0"], sizes["b__0"]) == (4, 20, 10)
    assert sorted(sizes.values()) == [10, 20, 30, 40]
    assert not any("/" in name for name in sizes)
    assert list_shards(source_of(tmp_path)) == shards


def test_globs_and_single_files(tmp_path: pathlib.Path) -> None:
    for name in ("0.tar", "1.tar", "x.bin"):
        touch(tmp_path / name)
    assert [shard.name for shard in list_shards(source_of(tmp_path / "[1-9].tar"))] == ["1"]
    assert [shard.name for shard in list_shards(source_of(tmp_path / "x.bin"))] == ["x"]  # named outright


@pytest.mark.parametrize("pattern", ["", "*.tar", "absent"])
def test_nothing_to_read_names_pattern_and_what_was_looked_for(tmp_path: pathlib.Path, pattern: str) -> None:
    touch(tmp_path / "a.parquet")
    with pytest.raises(InputError) as caught:
        list_shards(source_of(tmp_path / pattern if pattern else tmp_path))
    message = str(caught.value)
    assert str(tmp_path / pattern) in message
    assert "source web" in message
    assert ".tar" in message


def test_an_empty_folder_is_an_error(tmp_path: pathlib.Path) -> None:
    for layout in FORMATS:
        with pytest.raises(InputError, match="no file at all"):
            list_shards(source_of(tmp_path, format=layout))


def test_a_folder_becomes_virtual_shards(tmp_path: pathlib.Path) -> None:
    for index in range(5):
        touch(tmp_path / "deep" / f"{index}.JPEG", index + 1)
    touch(tmp_path / "notes.md")
    shards = list_shards(source_of(tmp_path, format="folder"), files_per_shard=2)
    assert [shard.name for shard in shards] == ["000000", "000001", "000002"]
    assert shards[0].files == ("deep/0.JPEG", "deep/1.JPEG")
    assert [shard.size_bytes for shard in shards] == [3, 7, 5]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "Web"}, "name"),
        ({"language": "English"}, "language"),
        ({"format": "tfrecord"}, "format"),
        ({"captions": "c.csv"}, "captions is a setting of format folder"),
        ({"colour": "red"}, "unknown key"),
    ],
)
def test_settings_that_mean_nothing_are_refused(values: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        validate({"name": "web", "format": "webdataset", "path": "x", **values}, SourceSettings, "test.yaml")


def test_the_path_has_no_part_in_the_identity() -> None:
    assert source_of("/a").identity() == source_of("/b").identity()
    assert source_of("/a", license="CC0").identity() != source_of("/a").identity()
