"""Decode + resize: ours against Pillow with open_clip's own preprocessing, and what it costs in pixels.

Both sides begin with the bytes of a file and end with a normalised float batch, on one thread. ``whole`` is ours with
the grey thumbnail for the perceptual hash besides, as annotate calls it; the other side makes none. Photographs come
from EVENWEAVE_REAL_DATA or ``../shared/data``; without them, pictures are generated.

    python -m tests.benchmarks.bench_decode --images 500 --repeats 7
"""

from __future__ import annotations

import argparse
import functools
import io
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from tests.benchmarks.harness import best_secs, keep
from tests.transforms.images.pictures import encoded, scene
from transforms.images.decode import DecodedImage
from transforms.images.preprocess import PreparedImage, Preprocessor

_BATCH = 4


def photographs(count: int) -> tuple[list[bytes], str]:
    beside = pathlib.Path(__file__).resolve().parents[2] / "../shared/data"
    files = sorted(pathlib.Path(os.environ.get("EVENWEAVE_REAL_DATA", beside), "photos").glob("*.JPEG"))[:count]
    if files:
        return [file.read_bytes() for file in files], f"{len(files)} real photographs"
    return [encoded(scene(500, 375, seed), "JPEG", quality=90) for seed in range(count)], f"{count} generated pictures"


def small_jpegs(photos: list[bytes]) -> list[bytes]:
    """The same pictures with a shorter side of 160 to 256 pixels, as datasets for small encoders have them."""
    made = []
    for index, data in enumerate(photos):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        scale = (160 + index % 97) / min(image.size)
        made.append(
            encoded(image.resize((round(image.width * scale), round(image.height * scale))), "JPEG", quality=90)
        )
    return made


def with_thumbnail(preprocess: Preprocessor, data: bytes) -> NDArray[np.uint8]:
    prepared = preprocess(data)
    assert isinstance(prepared, PreparedImage)
    return prepared.pixels


def without(preprocess: Preprocessor, data: bytes) -> NDArray[np.uint8]:
    decoded = preprocess.decode(data)
    assert isinstance(decoded, DecodedImage)
    return preprocess.fit(decoded)[0]


def our_batch(
    pixels_of: Callable[[bytes], NDArray[np.uint8]], scale: torch.Tensor, shift: torch.Tensor, files: list[bytes]
) -> torch.Tensor:
    pixels = np.stack([pixels_of(data) for data in files])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().mul_(scale).add_(shift)


def their_batch(transform: Callable[[Image.Image], torch.Tensor], files: list[bytes]) -> torch.Tensor:
    return torch.stack([transform(Image.open(io.BytesIO(data))) for data in files])


def differences(preprocess: Preprocessor, size: int, files: list[bytes]) -> np.ndarray[Any, Any]:
    """Absolute differences of all pixels, in steps of 0 to 255."""
    plain = image_transform_v2(PreprocessCfg(size=size, mean=(0.0,) * 3, std=(1.0,) * 3), is_train=False)
    found = []
    for data in files:
        ours = preprocess(data)
        assert isinstance(ours, PreparedImage)
        theirs = np.rint(plain(Image.open(io.BytesIO(data))).numpy() * 255).transpose(1, 2, 0)
        found.append(np.abs(ours.pixels - theirs).astype(np.uint8).ravel())
    return np.concatenate(found)


def compare(size: int, files: list[bytes], repeats: int) -> dict[str, float]:
    settings = PreprocessCfg(size=size)
    preprocess, transform = Preprocessor(size), image_transform_v2(settings, is_train=False)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (settings.mean, settings.std))
    scale, shift = 1 / (255 * std), -mean / std  # normalisation as one multiply-add, as the encoder does it
    ours_secs = whole_secs = theirs_secs = 0.0
    for start in range(0, len(files), _BATCH):  # the best of each small batch, which other processes hardly disturb
        batch = files[start : start + _BATCH]
        ours, whole = (functools.partial(how, preprocess) for how in (without, with_thumbnail))
        ours_secs += best_secs(functools.partial(our_batch, ours, scale, shift, batch), repeats)
        whole_secs += best_secs(functools.partial(our_batch, whole, scale, shift, batch), repeats)
        theirs_secs += best_secs(lambda batch=batch: their_batch(transform, batch), repeats)
    difference = differences(preprocess, size, files)
    return {
        "images_per_sec": len(files) / ours_secs,
        "images_per_sec_open_clip": len(files) / theirs_secs,
        "ratio": theirs_secs / ours_secs,
        "whole_ratio": theirs_secs / whole_secs,
        "pixel_difference_mean": float(difference.mean()),
        "pixel_difference_p99": float(np.percentile(difference, 99)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    photos, what = photographs(arguments.images)
    figures: dict[str, Any] = {}
    for size, files, name in ((224, photos, "at_224"), (64, small_jpegs(photos), "small_at_64")):
        figures |= {f"{name}_{key}": value for key, value in compare(size, files, arguments.repeats).items()}
    keep("decode", input=what, **figures)


if __name__ == "__main__":
    main()
