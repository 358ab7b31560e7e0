"""What Energon finds beside the shards; that it reads them is asked in test_readers."""

from __future__ import annotations

import json
import pathlib
import struct

import yaml

from transforms.exporting.energon import write_index, write_metadata
from transforms.exporting.manifest import ShardStats
from transforms.storage import StoragePath


def stats(file: str, samples: int, **formats: int) -> ShardStats:
    return ShardStats(file=file, samples=samples, bytes=1, sha256="", sources={}, languages={}, formats=formats)


def test_the_index_holds_offsets(tmp_path: pathlib.Path) -> None:
    write_index(StoragePath.of(tmp_path), "a-000000.tar", [0, 1536, 1 << 40])
    assert struct.unpack("<3Q", (tmp_path / "a-000000.tar.idx").read_bytes()) == (0, 1536, 1 << 40)


def test_counts_stand_under_both_names(tmp_path: pathlib.Path) -> None:
    write_metadata(StoragePath.of(tmp_path), [stats("b.tar", 2, jpg=2), stats("a.tar", 3, png=3)])
    counts = {"shard_counts": {"a.tar": 3, "b.tar": 2}}
    folder = tmp_path / ".nv-meta"
    assert json.loads((folder / ".info.json").read_text()) == counts
    assert yaml.safe_load((folder / ".info.yaml").read_text()) == counts
    assert yaml.safe_load((folder / "split.yaml").read_text())["split_parts"]["train"] == ["a.tar", "b.tar"]


def test_tiff_is_named_where_there_is_any(tmp_path: pathlib.Path) -> None:
    for formats, images in (({"jpg": 1}, "jpg,png,webp"), ({"jpg": 1, "tiff": 1}, "jpg,png,webp,tiff")):
        write_metadata(StoragePath.of(tmp_path), [stats("a.tar", 2, **formats), stats("b.tar", 2, webp=2)])
        dataset = yaml.safe_load((tmp_path / ".nv-meta" / "dataset.yaml").read_text())
        assert dataset["field_map"] == {"image": images, "caption": "txt"}
