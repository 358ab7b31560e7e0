"""Annotate against the bound that it cannot beat: a bare loop of the same encoder over pixels decoded beforehand.

Reads real JPEGs from a tar, decodes, hashes, embeds, retrieves concepts; in one process, without Beam. On cores the
bare loop has the better of two sizes of batch: that which annotate takes, and one eight times as large. It measures the
rate of matrix products too, in the same run, and says what share of it the encoder reaches.

    python -m tests.benchmarks.bench_annotate --model ViT-B-32 --images 1000
    python -m tests.benchmarks.bench_annotate --model ViT-L-14 --images 200000 --batch-size 512   # on a GPU
"""

from __future__ import annotations

import argparse
import io
import os
import pathlib
import tarfile
import tempfile
import time

import numpy as np
import torch
from PIL import Image

from tests.benchmarks.harness import best_secs, keep
from transforms.annotating.annotator import Annotator
from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.embedder import CPU_BATCH
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.settings import SourceSettings

N_CONCEPTS = 10_000
LARGER_BATCH = 256
MATRIX_SIDE = 8192


def photographs() -> list[bytes]:
    """Real photographs where they are at hand, else noise-textured JPEGs of 500 × 375 pixels."""
    default = pathlib.Path(__file__).parents[3] / "shared" / "data"
    folder = pathlib.Path(os.environ.get("EVENWEAVE_REAL_DATA", default)) / "photos"
    if folder.exists():
        return [path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix == ".JPEG"]
    rng = np.random.default_rng(0)
    files = []
    for _ in range(100):
        stream = io.BytesIO()
        small = Image.fromarray(rng.integers(0, 256, (75, 100, 3), dtype=np.uint8))
        small.resize((500, 375), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
        files.append(stream.getvalue())
    return files


def write_tar(path: pathlib.Path, images: int) -> None:
    files = photographs()
    with tarfile.open(path, "w") as tar:
        for number in range(images):
            data = files[number % len(files)]
            for ending, content in (("jpg", data), ("txt", b"a photograph")):
                member = tarfile.TarInfo(f"{number:09d}.{ending}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def matrix_flops(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of one large square matrix product: the chip's rate as it can be reached."""
    side = MATRIX_SIDE if device.type == "cuda" else MATRIX_SIDE // 4
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))

    def product() -> None:
        for _ in range(5):
            a @ b
        if device.type == "cuda":
            torch.cuda.synchronize()

    product()
    return 5 * 2 * side**3 / best_secs(product)


def image_flops(encoder: ClipEncoder) -> float:
    """FLOP of the forward pass of one image, counted by torch."""
    from torch.utils.flop_counter import FlopCounterMode

    torch.backends.mha.set_fastpath_enabled(False)  # a fused operation that the counter does not know
    with FlopCounterMode(display=False) as counter:
        encoder.encode_images(np.zeros((1, *encoder.size, 3), dtype=np.uint8))
    torch.backends.mha.set_fastpath_enabled(True)
    return float(counter.get_total_flops())


def bare_images_per_sec(encoder: ClipEncoder, batch_size: int, batches: int) -> float:
    """The encoder over one decoded batch, again and again; results stay on the device until the end."""
    pixels = np.random.default_rng(0).integers(0, 256, (batch_size, *encoder.size, 3), dtype=np.uint8)

    def loop() -> None:
        for _ in range(batches):
            last = encoder.encode_images(pixels)
        last.cpu()

    encoder.encode_images(pixels)
    return batch_size * batches / best_secs(loop, repeats=2)


def annotate_images_per_sec(settings: EncoderSettings, shard: InputShard, source: SourceSettings, width: int) -> float:
    concepts = np.random.default_rng(1).normal(size=(N_CONCEPTS, width)).astype(np.float32)
    annotator = Annotator(
        settings, RetrievalSettings(concepts_per_image=10), DecodeSettings(), ConceptVectors(concepts)
    )
    start = time.perf_counter()
    _, table, rejects, _ = annotator.annotate(shard, source)
    return (table.num_rows + len(rejects)) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="ViT-B-32")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=64, help="on a GPU; on cores annotate takes 32 at most")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    settings = EncoderSettings(
        model=arguments.model,
        pretrained=None if os.path.isdir(arguments.model) else "random",
        precision=arguments.precision,
        batch_size=arguments.batch_size,
        threads=arguments.threads,
        decode_threads=arguments.threads,
    )
    encoder = ClipEncoder(settings)
    width = encoder.encode_images(np.zeros((1, *encoder.size, 3), dtype=np.uint8)).shape[1]
    with tempfile.TemporaryDirectory() as folder:
        write_tar(pathlib.Path(folder) / "0.tar", arguments.images)
        source = SourceSettings(name="photos", format="webdataset", path=folder, language="en")
        (shard,) = list_shards(source)
        annotated = annotate_images_per_sec(settings, shard, source, width)
    sizes = (arguments.batch_size,) if encoder.device.type == "cuda" else (CPU_BATCH, LARGER_BATCH)
    by_size = {size: bare_images_per_sec(encoder, size, max(2, arguments.images // size)) for size in sizes}
    bare = max(by_size.values())
    flops = image_flops(encoder)
    peak = matrix_flops(encoder.device, torch.bfloat16 if encoder.precision == "bf16" else torch.float32)
    keep(
        f"annotate_{os.path.basename(arguments.model.rstrip('/')).lower()}_{encoder.device.type}",
        precision=encoder.precision,
        images=arguments.images,
        annotate_images_per_sec=annotated,
        bare_encoder_images_per_sec=bare,
        bare_encoder_by_batch_size={str(size): rate for size, rate in by_size.items()},
        ratio=annotated / bare,
        gflop_per_image=flops / 1e9,
        matrix_tflops=peak / 1e12,
        share_of_matrix_rate=annotated * flops / peak,
    )


if __name__ == "__main__":
    main()
