"""Shards by their numbers, also beyond six digits; statistics and manifest of one run only."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.transforms.version_1 import to_version_1
from transforms.datasets import FORMAT_VERSION
from transforms.errors import RunFolderError
from transforms.exporting.manifest import (
    ShardStats,
    finished_shards,
    read_manifest,
    read_stats,
    shard_file,
    write_manifest,
    write_stats,
)
from transforms.storage import StoragePath

NUMBERS = [0, 7, 99_999, 100_000, 999_999, 1_000_000, 1_000_001, 12_345_678]


def stats_of(number: int, name: str = "corpus") -> ShardStats:
    sources, languages = {"coyo": number + 1, "图": 1}, {"en": 2, "und": number}
    return ShardStats(shard_file(name, number), number + 2, 10 * number, "ab" * 32, sources, languages, {"jpg": number})


@pytest.fixture
def shards(tmp_path: pathlib.Path) -> StoragePath:
    return StoragePath.of(tmp_path)


def test_names_have_six_digits_or_more() -> None:
    assert [shard_file("a-b", number) for number in (0, 999_999, 1_000_000)] == [
        "a-b-000000.tar",
        "a-b-999999.tar",
        "a-b-1000000.tar",
    ]


def test_shards_are_found_and_listed_by_number(shards: StoragePath) -> None:
    for number in reversed(NUMBERS):
        (shards / shard_file("corpus", number)).write_text("")
        write_stats(shards, stats_of(number), "f1")
    (shards / shard_file("corpus", 3)).write_text("")  # without its statistics: not whole
    write_stats(shards, stats_of(4), "f1")  # of a shard that is gone
    for file in (
        "corpus-00001.tar",
        "corpus-000001.tar.idx",
        "xcorpus-000001.tar",
        "corpusx000001.tar",
        "c-0000010.tar",
    ):
        (shards / file).write_text("")
        write_stats(shards, ShardStats(file, 1, 1, "", {}, {}, {}), "f1")
    assert finished_shards(shards, "corpus") == NUMBERS
    assert finished_shards(shards, "c") == [10]
    assert finished_shards(shards, "c.") == []  # a name, and no pattern


def test_the_manifest_counts_all_and_stands_in_order_of_numbers(shards: StoragePath) -> None:
    write_manifest(shards, "corpus", [stats_of(number) for number in reversed(NUMBERS)], "f1")
    manifest = read_manifest(shards, "f1")
    assert [shard["file"] for shard in manifest["shards"]] == [shard_file("corpus", number) for number in NUMBERS]
    total = sum(NUMBERS)
    assert (manifest["name"], manifest["samples"], manifest["bytes"]) == (
        "corpus",
        total + 2 * len(NUMBERS),
        10 * total,
    )
    assert manifest["sources"] == {"coyo": total + len(NUMBERS), "图": len(NUMBERS)}
    assert manifest["languages"] == {"en": 2 * len(NUMBERS), "und": total}
    assert manifest["formats"] == {"jpg": total}
    assert list(manifest["languages"]) == ["en", "und"]
    assert manifest["shards"][0]["sha256"] == "ab" * 32
    text = (shards / "manifest.json").read_text()
    assert '\n "name": "corpus",\n' in text and '"图": 1' in text and text.endswith("}\n")


def test_statistics_are_read_as_they_were_written(shards: StoragePath) -> None:
    write_stats(shards, stats_of(1_000_000), "f1")
    assert read_stats(shards, "corpus-1000000.tar", "f1") == stats_of(1_000_000)


@pytest.mark.parametrize(
    ("version", "fingerprint", "says"),
    [
        (FORMAT_VERSION, "f2", "was made with settings f2, this run has f1"),
        ("0", "f1", f"has format version 0, this code reads version {FORMAT_VERSION}"),
        (None, None, "has format version None"),
    ],
)
def test_what_is_of_another_run_is_refused(
    shards: StoragePath, version: str | None, fingerprint: str | None, says: str
) -> None:
    values = {"format_version": version, "fingerprint": fingerprint}
    text = json.dumps({key: value for key, value in values.items() if value})
    for file in ("manifest.json", ".stats/corpus-000001.json"):
        (shards / file).write_text(text)
    with pytest.raises(RunFolderError, match=says):
        read_manifest(shards, "f1")
    with pytest.raises(RunFolderError, match=says):
        read_stats(shards, "corpus-000001.tar", "f1")


def test_statistics_of_an_older_run_are_read_in_a_run_of_their_version(tmp_path: pathlib.Path) -> None:
    shards = StoragePath.of(tmp_path) / "shards"
    write_stats(shards, stats_of(7), "f1")
    (tmp_path / "run.json").write_text('{"format_version": "2"}')
    to_version_1(tmp_path)
    assert read_stats(shards, shard_file("corpus", 7), "f1") == stats_of(7)
    (tmp_path / "run.json").write_text('{"format_version": "2"}')
    with pytest.raises(RunFolderError, match="format version 1, this code reads version 2"):
        read_stats(shards, shard_file("corpus", 7), "f1")
