"""Metadata for Megatron-Energon, so that it opens the mixture without ``energon prepare``.

A sample is an ``InterleavedSample`` whose ``sequence`` are the turns: each with its role, whether it is learnt, and its
content, texts and decoded images in their order. (megatron-energon 7.4, ``flavors/interleaved.py``.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import yaml

from transforms.exporting.manifest import ShardStats
from transforms.storage import StoragePath

_FOLDER = ".nv-meta"
_DATASET = {
    "sample_type": {"__module__": "megatron.energon", "__class__": "InterleavedSample"},
    "part_filter": "sample_loader.py:part_filter",
    "sample_loader": "sample_loader.py:sample_loader",
}
#: What Energon calls the splits that it asks for by itself.
_SPLITS = {"validation": "val", "held_out": "val", "heldout": "val"}
SAMPLE_LOADER = '''\
"""Members of a sample -> the fields of InterleavedSample: its turns, with images and videos in their places."""


def sample_loader(sample: dict) -> dict:
    record = sample["json"]
    media = {"image": iter(record["images"]), "video": iter(record["videos"])}

    def shown(part: dict):
        return part["text"] if part["type"] == "text" else sample[next(media[part["type"]])]

    return {
        "__key__": sample["__key__"],
        "__restore_key__": sample["__restore_key__"],
        "sequence": [
            {
                "role": turn["role"],
                "train": turn["train"],
                "reasoning": turn["reasoning_content"],
                "content": [shown(part) for part in turn["content"]],
            }
            for turn in record["messages"]
        ],
    }


def part_filter(part: str) -> bool:
    return True
'''


def write_metadata(place: StoragePath, stats: Sequence[ShardStats]) -> None:
    """``.nv-meta`` of the tars among ``stats``: counts under both names, splits by folder, the sample loader."""
    folder = place / _FOLDER
    tars = sorted((one for one in stats if one.file.endswith(".tar")), key=lambda one: one.file)
    info = json.dumps({"shard_counts": {one.file: one.samples for one in tars}}, indent=1) + "\n"
    for name in (".info.json", ".info.yaml"):  # JSON is YAML too
        (folder / name).write_text(info)
    parts: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for one in tars:
        split = one.file.partition("/")[0]
        parts.setdefault(_SPLITS.get(split, split), []).append(one.file)
    split_yaml = yaml.safe_dump({"split_parts": parts, "exclude": []}, sort_keys=False)
    (folder / "split.yaml").write_text(split_yaml)
    (folder / "dataset.yaml").write_text(yaml.safe_dump(_DATASET, sort_keys=False))
    (folder / "sample_loader.py").write_text(SAMPLE_LOADER)
