"""The reader of packed sets beside a bare read of the same tars, and beside its bound, decoding and preprocessing.

Five sides, each over every pack once, in one process (and the whole reader in several workers):
- bare: the shards read from start to end, nothing looked at (from memory, where they have just been written);
- webdataset: the library's own reader over the same shards, in order, nothing decoded;
- stored: packs read in keyed order and parsed, nothing decoded;
- bound: the images' bytes, already in memory, decoded by Pillow and made into patches by the processor;
- whole: PackedDataset, as training reads it.
"""

from __future__ import annotations

import argparse
import io
import pathlib
import tempfile

import numpy as np
import torch
import webdataset
from PIL import Image

from model.training.packed_dataset import PackedDataset
from model.training.packed_loader import PackedLoader
from model.training.packed_pixels import PixelProcessor
from tests.benchmarks.harness import best_secs, keep
from tests.transforms.packing.corpus import pack_all, pack_job, write_tar
from transforms.packing.layouts.native_reader import PackedSet
from transforms.packing.sources import PackSource


def draw_sources(folder: pathlib.Path, images: int, side: int) -> list[PackSource]:
    """JPEGs of smooth noise, about as many bytes a pixel as photographs, with a caption of 40 words each."""
    random = np.random.default_rng(0)
    members: dict[str, bytes] = {}
    for number in range(images):
        height, width = random.integers(side // 2, side, 2)
        noise = random.integers(0, 255, (height // 6 + 1, width // 6 + 1, 3), np.uint8)
        stream = io.BytesIO()
        Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
        members[f"{number:06d}.jpg"] = stream.getvalue()
        members[f"{number:06d}.txt"] = " ".join(f"word{n}" for n in random.integers(0, 999, 40)).encode()
    write_tar(folder / "raw" / "images.tar", members)
    return [PackSource(name="images", format="webdataset", path=str(folder / "raw"))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--side", type=int, default=512, help="longest side of an image in pixels")
    parser.add_argument("--pack-tokens", type=int, default=8192)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sources = draw_sources(folder, arguments.images, arguments.side)
        pack_all(pack_job(folder / "run", sources, pack_tokens=arguments.pack_tokens))
        measure(folder / "run", arguments)


def measure(run: pathlib.Path, arguments: argparse.Namespace) -> None:
    shards = sorted((run / "packed").glob("*.tar"))
    packed = PackedSet.open(str(run))
    packs = [packed.read(index) for index in range(len(packed))]
    size_bytes = sum(shard.stat().st_size for shard in shards)
    pixels = PixelProcessor(packed.image_limits, packed.video_limits)
    dataset = PackedDataset(str(run), epochs=1, rank=0, world_size=1)

    def bare() -> None:
        for shard in shards:
            with shard.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass

    def peer() -> None:
        for _ in webdataset.WebDataset([str(shard) for shard in shards], shardshuffle=False):
            pass

    def stored() -> None:
        order = dataset.order
        for position in range(order.packs):
            packed.read(order.at(position)[1])

    def bound() -> None:
        for pack in packs:
            for image in pack.images:
                rgb = np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))
                pixels._images(images=[torch.from_numpy(rgb.copy()).movedim(-1, 0)], return_tensors="pt")

    def whole(workers: int) -> None:
        for _ in PackedLoader(dataset, workers=workers):
            pass

    secs = {
        "bare": best_secs(bare, arguments.repeats),
        "webdataset": best_secs(peer, arguments.repeats),
        "stored": best_secs(stored, arguments.repeats),
        "bound": best_secs(bound, arguments.repeats),
        "whole": best_secs(lambda: whole(0), arguments.repeats),
        "whole_workers": best_secs(lambda: whole(arguments.workers), arguments.repeats),
    }
    tokens = sum(len(pack.input_ids) for pack in packs)
    keep(
        "packed_reader",
        images=arguments.images,
        packs=len(packs),
        pack_tokens=arguments.pack_tokens,
        megabytes=size_bytes / 1e6,
        bare_megabytes_a_sec=size_bytes / 1e6 / secs["bare"],
        stored_megabytes_a_sec=size_bytes / 1e6 / secs["stored"],
        stored_over_bare=secs["bare"] / secs["stored"],
        stored_over_webdataset=secs["webdataset"] / secs["stored"],
        stored_packs_a_sec=len(packs) / secs["stored"],
        whole_images_a_sec=arguments.images / secs["whole"],
        whole_tokens_a_sec=tokens / secs["whole"],
        whole_over_bound=secs["bound"] / secs["whole"],
        workers=arguments.workers,
        workers_images_a_sec=arguments.images / secs["whole_workers"],
        workers_tokens_a_sec=tokens / secs["whole_workers"],
        workers_speedup=secs["whole"] / secs["whole_workers"],
    )


if __name__ == "__main__":
    main()
