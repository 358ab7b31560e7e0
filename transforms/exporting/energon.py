"""Metadata for Megatron-Energon, so that it opens the folder without ``energon prepare``.

What its readers need (megatron-energon 5.0 and 7.4, ``flavors/webdataset``): beside each tar an index of where its
samples begin, and in ``.nv-meta`` the number of samples of each shard, the split, and which members make which sample
type. Version 5, which the published trainer pins, looks for the counts in ``.info.yaml``, version 7 in ``.info.json``.
``index.sqlite``, the index by key, is not written: it serves only joins of datasets, grows with the corpus and is made
by one process. Whoever needs it runs ``energon prepare --tar-index-only``, which adds it and leaves the rest.
A sample without a caption is no captioning sample: Energon reports it and goes on.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import yaml

from transforms.exporting.manifest import ShardStats
from transforms.storage import StoragePath

_FOLDER = ".nv-meta"
_DATASET = {
    "sample_type": {"__module__": "megatron.energon", "__class__": "CaptioningSample"},
}
_IMAGES, _MORE_IMAGES = "jpg,png,webp", ("tiff",)  # a comma: whichever of these members a sample has


def write_index(shards: StoragePath, file: str, offsets: Sequence[int]) -> None:
    """``<shard>.tar.idx``: the byte offset of each sample and of the end, as little-endian 64-bit integers."""
    (shards / f"{file}.idx").write_bytes(struct.pack(f"<{len(offsets)}Q", *offsets))


def write_metadata(shards: StoragePath, stats: Sequence[ShardStats]) -> None:
    """The counts under both names, ``split.yaml`` (all shards are for training) and ``dataset.yaml``."""
    folder = shards / _FOLDER
    counts = {shard.file: shard.samples for shard in sorted(stats, key=lambda shard: shard.file)}
    info = json.dumps({"shard_counts": counts}, indent=1) + "\n"
    for name in (".info.json", ".info.yaml"):  # JSON is YAML too
        (folder / name).write_text(info)
    split = {"split_parts": {"train": list(counts), "val": [], "test": []}, "exclude": []}
    (folder / "split.yaml").write_text(yaml.safe_dump(split, sort_keys=False))
    more = [kind for kind in _MORE_IMAGES if any(kind in shard.formats for shard in stats)]
    dataset = {**_DATASET, "field_map": {"image": ",".join((_IMAGES, *more)), "caption": "txt"}}
    (folder / "dataset.yaml").write_text(yaml.safe_dump(dataset, sort_keys=False))
