"""Shards as img2dataset writes them, and beside each the truth about its samples, which the pipeline never reads."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from PIL import Image

from transforms.at_rest import read_json
from transforms.configuration import fingerprint
from transforms.datasets import write_table
from transforms.errors import RunFolderError
from transforms.miniature.captions import caption
from transforms.miniature.faults import Fault, FaultPlan, fault_plan_of, near_duplicate, spoil
from transforms.miniature.pictures.drawing import encoded_picture_of
from transforms.miniature.pictures.scenes import Scene, generator
from transforms.miniature.settings import MiniatureSettings
from transforms.rejects import Counts
from transforms.storage import StoragePath

#: Raised whenever the same settings would draw other bytes.
GENERATOR_VERSION = 1

TRUTH = pa.schema(
    [
        ("key", pa.string()),
        ("shard", pa.string()),
        ("concepts", pa.list_(pa.string())),  # names; empty where no image can be seen
        ("fault", pa.string()),  # null for a sound sample
        ("original", pa.string()),  # key of the sample that a duplicate repeats
    ]
)
_UNSEEN = (Fault.TRUNCATED_IMAGE, Fault.UNDECODABLE_IMAGE, Fault.EMPTY_IMAGE, Fault.MISSING_IMAGE)


@dataclass(frozen=True)
class Sample:
    """One sample as stored, and the truth about it. ``None`` stands for a missing member."""

    key: str
    image: bytes | None
    caption: bytes | None
    metadata: dict[str, Any]
    scene: Scene
    plan: FaultPlan


def corpus_fingerprint(settings: MiniatureSettings) -> str:
    """Of the settings and the generator: equal for equal bytes."""
    return fingerprint("miniature", GENERATOR_VERSION, settings)


def shard_name(shard: int) -> str:
    return f"{shard:05d}"


def key_of(settings: MiniatureSettings, index: int) -> str:
    """Shard and place in it, as img2dataset numbers samples."""
    return f"{index // settings.images_per_shard:05d}{index % settings.images_per_shard:04d}"


def shard_path(folder: StoragePath, shard: int) -> StoragePath:
    return folder / "shards" / f"{shard_name(shard)}.tar"


def truth_path(folder: StoragePath, shard: int) -> StoragePath:
    return folder / "truth" / f"{shard_name(shard)}.parquet"


def sample_of(settings: MiniatureSettings, index: int) -> Sample:
    """Sample ``index``; it depends on the settings alone, so that any worker can write any shard."""
    plan, key = fault_plan_of(settings, index), key_of(settings, index)
    scene, sound = encoded_picture_of(settings.seed, index if plan.original is None else plan.original)
    if plan.fault is Fault.NEAR_DUPLICATE and plan.original is not None:
        sound = near_duplicate(settings, plan.original, index)
    text = _caption_bytes(settings, index, scene, plan.fault)
    with Image.open(io.BytesIO(sound)) as picture:
        width, height = picture.size
    metadata = {
        "caption": text.decode("utf-8", "replace") if text is not None else None,
        "url": f"https://example.org/miniature/{key}.jpg",
        "key": key,
        "status": "success",
        "error_message": None,
        "width": width,
        "height": height,
        "original_width": width,
        "original_height": height,
        "exif": "{}",
        "sha256": hashlib.sha256(sound).hexdigest(),
    }
    return Sample(key, spoil(plan.fault, sound, settings.seed, index), text, metadata, scene, plan)


def _caption_bytes(settings: MiniatureSettings, index: int, scene: Scene, fault: Fault | None) -> bytes | None:
    if fault is Fault.MISSING_CAPTION:
        return None
    rng = generator(settings.seed, "caption", index)
    chinese = bool(rng.random() < settings.chinese_share)
    if fault is Fault.UNDECODABLE_CAPTION:
        return caption(scene, chinese=True, rng=rng).encode("gb18030")  # as old Chinese pages are
    return caption(scene, chinese, rng).encode()


def write_shard(folder: StoragePath, shard: int, settings: MiniatureSettings) -> Counts:
    """Write one tar and its truth, unless they are there. Every sample counts as a row out, faulty or not."""
    first = shard * settings.images_per_shard
    numbers = range(first, min(first + settings.images_per_shard, settings.images))
    if not is_complete(folder, shard):
        samples = [sample_of(settings, index) for index in numbers]
        write_table(truth_path(folder, shard), _truth(settings, shard, samples), corpus_fingerprint(settings))
        shard_path(folder, shard).write_bytes(_tar(samples))  # last: its presence says that both are there
    return Counts(len(numbers), len(numbers))


def is_complete(folder: StoragePath, shard: int) -> bool:
    """Whether the shard and its truth are there."""
    return shard_path(folder, shard).is_file() and truth_path(folder, shard).is_file()


def _tar(samples: list[Sample]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for sample in samples:
            about = json.dumps(sample.metadata, ensure_ascii=False).encode()
            for ending, data in (("jpg", sample.image), ("txt", sample.caption), ("json", about)):
                if data is not None:
                    header = tarfile.TarInfo(f"{sample.key}.{ending}")  # modification time 0: reproducible bytes
                    header.size = len(data)
                    tar.addfile(header, io.BytesIO(data))
    return buffer.getvalue()


def _truth(settings: MiniatureSettings, shard: int, samples: list[Sample]) -> pa.Table:
    originals = [sample.plan.original for sample in samples]
    return pa.table(
        {
            "key": [sample.key for sample in samples],
            "shard": [shard_name(shard)] * len(samples),
            "concepts": [
                [] if sample.plan.fault in _UNSEEN else [concept.name for concept in sample.scene.concepts]
                for sample in samples
            ],
            "fault": [None if sample.plan.fault is None else str(sample.plan.fault) for sample in samples],
            "original": [None if original is None else key_of(settings, original) for original in originals],
        },
        schema=TRUTH,
    )


def claim_folder(folder: StoragePath, settings: MiniatureSettings) -> list[int]:
    """Shards still to be written; raises RunFolderError when the folder holds another miniature corpus."""
    mark, identity = folder / "miniature.json", corpus_fingerprint(settings)
    if mark.exists():
        found = read_json(mark)
        if found.get("fingerprint") != identity:
            raise RunFolderError(
                f"{folder} holds a miniature corpus of other settings ({found.get('fingerprint')}, now {identity}). "
                "Choose another folder, or delete this one to draw it anew."
            )
    else:
        values = {"fingerprint": identity, "generator_version": GENERATOR_VERSION, "settings": settings.identity()}
        mark.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
    return [shard for shard in range(settings.shards) if not is_complete(folder, shard)]
