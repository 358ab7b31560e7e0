"""A small corpus of every kind of document, and packing it without Beam."""

from __future__ import annotations

import io
import json
import pathlib
import tarfile
from typing import Any

import av
import numpy as np
from PIL import Image

from transforms.packing.inputs import group_inputs, list_inputs
from transforms.packing.job.finishing import finish_set
from transforms.packing.job.groups import GroupOutcome, PackJob, pack_group
from transforms.packing.settings import PackSettings
from transforms.packing.sources import Layout, PackedShardSettings, PackSource, VideoSampling
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

TOKENIZER = str(pathlib.Path(__file__).parents[3] / "configs" / "tokenizer" / "tiny")


def picture(width: int, height: int, seed: int, image_format: str = "JPEG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (-(-height // 8), -(-width // 8), 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR).save(stream, image_format)
    return stream.getvalue()


def video(frames: int, width: int = 64, height: int = 48, frames_per_sec: int = 10) -> bytes:
    """Frame i is grey of level 10·i."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=frames_per_sec)
        track.width, track.height = width, height
        for index in range(frames):
            grey = np.full((height, width, 3), 10 * index, np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(track.encode(None))
    return stream.getvalue()


def write_tar(path: pathlib.Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def pair(key: str, width: int, height: int, seed: int, about: dict[str, Any] | None = None) -> dict[str, bytes]:
    """One sample as img2dataset writes it."""
    values = {"width": width, "height": height, **(about or {})}
    return {
        f"{key}.jpg": picture(width, height, seed),
        f"{key}.txt": f"picture {seed} of {width} by {height}".encode(),
        f"{key}.json": json.dumps(values).encode(),
    }


def write_tars(folder: pathlib.Path, tars: int, samples: int) -> None:
    for tar in range(tars):
        members: dict[str, bytes] = {}
        for number in range(samples):
            seed = tar * samples + number
            members |= pair(f"{seed:06d}", 40 + 17 * (seed % 9), 50 + 23 * (seed % 5), seed)
        write_tar(folder / f"part-{tar}.tar", members)


def write_records(folder: pathlib.Path) -> list[dict[str, Any]]:
    """Text only, many turns, several images, and a video."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "media").mkdir(exist_ok=True)
    (folder / "media" / "a.jpg").write_bytes(picture(100, 60, 1))
    (folder / "media" / "b.png").write_bytes(picture(60, 90, 2, "PNG"))
    (folder / "media" / "c.mp4").write_bytes(video(12))
    records: list[dict[str, Any]] = [
        {"instruction": "Add one and two.", "input": "", "output": "Three."},
        {
            "messages": [
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": "<image>What is it, and <image>this?"},
                {"role": "assistant", "content": "Two pictures."},
                {"role": "user", "content": "And now?"},
                {"role": "assistant", "content": "还是两张图。"},
            ],
            "images": ["media/a.jpg", "media/b.png"],
        },
        {
            "messages": [
                {"role": "user", "content": "<video>What happens?"},
                {"role": "assistant", "content": "It brightens."},
            ],
            "videos": ["media/c.mp4"],
        },
        {"conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hello to you"}]},
    ]
    (folder / "records.json").write_text(json.dumps(records))
    return records


def pack_job(
    output: pathlib.Path, sources: list[PackSource], layout: Layout = "native", shards: Any = None, **pack: Any
) -> PackJob:
    small = {"tokenizer": TOKENIZER, "pack_tokens": 512, "group_shards": 2, "video_min_pixels": 56 * 56}
    settings = PackSettings(**{**small, **pack})
    return PackJob(
        RunFolder(StoragePath.of(output), "0123456789abcdef"),
        {source.name: source for source in sources},
        settings,
        VideoSampling(max_frames=4),
        layout,
        PackedShardSettings(**(shards or {})),
    )


def pack_all(job: PackJob) -> list[GroupOutcome]:
    inputs = [part for source in job.sources.values() for part in list_inputs(source, job.shards.range_bytes)]
    groups = group_inputs(inputs, job.pack.group_shards, job.pack.seed)
    records = [pack_group(group, job) for group in groups]
    finish_set(records, job)
    return records


def both_sources(folder: pathlib.Path, tars: int = 3, samples: int = 20) -> list[PackSource]:
    """Image-text tars and instruction records below ``folder``, written."""
    write_tars(folder / "tars", tars, samples)
    write_records(folder / "instruct")
    return [
        PackSource(name="pairs", format="webdataset", path=str(folder / "tars")),
        PackSource(name="instruct", format="conversations", path=str(folder / "instruct" / "*.json")),
    ]
