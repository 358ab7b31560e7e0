"""Export beside copying the same bytes: ``python -m tests.benchmarks.bench_export``.

Every sample of a few tars is exported by the whole job, shuffled, named, described, hashed; beside it the tars are
merely copied: by ``shutil.copyfile`` (in the kernel), by plain reads and writes, and by reads and writes that also take
the SHA-256 that the manifest needs. Once with images of the usual size, once with small ones, where the work for a
sample weighs most. The images are random bytes: export never looks into one.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from pipelines import export
from pipelines.runner_settings import RunnerSettings
from tests.benchmarks.harness import best_secs, keep
from transforms import datasets
from transforms.exporting.settings import ExportSettings
from transforms.exporting.tar_writer import TarStream
from transforms.keyed import sample_ids
from transforms.reading.settings import SourceSettings
from transforms.reading.shards import list_shards
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

CONCEPTS, CONCEPTS_PER_IMAGE = 10_000, 10
CAPTION = "a brown dog runs over wet sand towards the camera, with the sea behind it"


def make_run(root: pathlib.Path, tars: int, samples: int, image_bytes: int) -> tuple[RunFolder, SourceSettings]:
    """Tars of random images, their annotations, and a selection of all of them."""
    folder = RunFolder(StoragePath.of(root / "run"), "benchmark")
    source = SourceSettings(name="random", format="webdataset", path=str(root / "raw"))
    random = np.random.default_rng(0)
    (root / "raw").mkdir(parents=True)
    for number in range(tars):
        name = f"{number:05d}"
        keys = [f"{number:05d}{row:04d}" for row in range(samples)]
        offsets, hashes = [], []
        with (root / "raw" / f"{name}.tar").open("wb") as stream:
            tar = TarStream(stream)
            for key in keys:
                image = random.bytes(image_bytes)
                offsets.append(tar.offset_bytes + 512)
                hashes.append(xxhash.xxh3_128_digest(image))
                tar.add(f"{key}.jpg", image)
                tar.add(f"{key}.txt", CAPTION.encode())
            tar.finish()
        write_datasets(folder, name, keys, offsets, hashes, image_bytes)
    names = pa.table({"id": np.arange(CONCEPTS, dtype=np.int32), "name": [f"concept {n}" for n in range(CONCEPTS)]})
    with (folder.vocabulary / "vocabulary.parquet").atomic_writer() as stream:
        pq.write_table(names, stream)
    return folder, source


def write_datasets(
    folder: RunFolder, shard: str, keys: list[str], offsets: list[int], hashes: list[bytes], image_bytes: int
) -> None:
    rows = len(keys)
    random = np.random.default_rng(1)
    ids = random.integers(0, CONCEPTS, rows * CONCEPTS_PER_IMAGE, dtype=np.int32)
    scores = random.random(rows * CONCEPTS_PER_IMAGE).astype(np.float16)
    columns = {
        "key": keys,
        "sample_id": sample_ids("random", shard, keys),
        "source": ["random"] * rows,
        "shard": [shard] * rows,
        "member_offset": offsets,
        "member_bytes": [image_bytes] * rows,
        "format": ["jpg"] * rows,
        "width": [512] * rows,
        "height": [384] * rows,
        "caption": [CAPTION] * rows,
        "lang": ["en"] * rows,
        "content_hash": hashes,
        "perceptual_hash": np.zeros(rows, dtype=np.uint64),
        "concept_ids": pa.FixedSizeListArray.from_arrays(pa.array(ids), CONCEPTS_PER_IMAGE),
        "concept_scores": pa.FixedSizeListArray.from_arrays(pa.array(scores), CONCEPTS_PER_IMAGE),
    }
    annotations = pa.table(columns, schema=datasets.annotations_schema(CONCEPTS_PER_IMAGE))
    datasets.write_table(folder.annotations("random", shard), annotations, folder.fingerprint)
    selection = pa.table([keys, [shard] * rows, [1] * rows, [0.5] * rows], schema=datasets.SELECTION)
    datasets.write_table(folder.selection("random", shard), selection, folder.fingerprint)


def measure(name: str, tars: int, samples: int, image_bytes: int, workers: int, repeats: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        folder, source = make_run(root, tars, samples, image_bytes)
        shards = list_shards(source)
        size_bytes = sum(shard.size_bytes for shard in shards)

        def copy_files(copies: pathlib.Path) -> None:
            for shard in shards:
                shutil.copyfile(shard.path.path, copies / shard.name)

        def read_and_write(copies: pathlib.Path, hashed: bool) -> None:
            for shard in shards:
                sha256 = hashlib.sha256()
                with open(shard.path.path, "rb") as tar, (copies / shard.name).open("wb") as copy:
                    while block := tar.read(1 << 18):
                        copy.write(block)
                        if hashed:
                            sha256.update(block)

        def run_export(_: pathlib.Path) -> None:
            settings = ExportSettings(samples_per_shard=samples)
            export.run(folder, shards, {source.name: source}, settings, RunnerSettings(workers=workers), [])

        def to_disk(write: Callable[[pathlib.Path], None], output: pathlib.Path) -> None:
            """And until it lies on the disk: a corpus is larger than the page cache."""
            write(output)
            os.sync()

        ways = {
            "copyfile": copy_files,
            "read_write": functools.partial(read_and_write, hashed=False),
            "read_write_sha256": functools.partial(read_and_write, hashed=True),
            "export": run_export,
            "copyfile_to_disk": functools.partial(to_disk, copy_files),
            "export_to_disk": functools.partial(to_disk, run_export),
        }
        secs = dict.fromkeys(ways, float("inf"))
        output = pathlib.Path(folder.shards.path)
        for _ in range(repeats):  # in turns: what disturbs the machine for a while disturbs all
            for which, write in ways.items():
                shutil.rmtree(output, ignore_errors=True)  # freeing the files of the last time is not measured,
                output.mkdir(parents=True)
                os.sync()  # nor is writing them
                secs[which] = min(secs[which], best_secs(functools.partial(write, output), repeats=1))
    export_secs = secs["export"]
    on_disk = secs["copyfile_to_disk"] / secs["export_to_disk"]
    return {
        f"{name}_image_bytes": image_bytes,
        f"{name}_samples": tars * samples,
        f"{name}_megabytes": size_bytes / 1e6,
        **{f"{name}_{which}_megabytes_per_sec": size_bytes / 1e6 / some for which, some in secs.items()},
        f"{name}_samples_per_sec": tars * samples / export_secs,
        **{
            f"{name}_export_to_{which}": some / export_secs
            for which, some in secs.items()
            if "_disk" not in which and which != "export"
        },
        f"{name}_export_to_copyfile_both_to_disk": on_disk,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tars", type=int, default=24, help="enough that starting the job weighs little")
    parser.add_argument("--samples", type=int, default=1000, help="of usual size, in a tar")
    parser.add_argument("--image-bytes", type=int, default=120_000, help="of an image of usual size")
    parser.add_argument("--small-samples", type=int, default=10_000, help="of small size, in a tar")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    usual = measure("usual", options.tars, options.samples, options.image_bytes, options.workers, options.repeats)
    small = measure("small", options.tars // 2, options.small_samples, 8192, options.workers, options.repeats)
    keep("export", workers=options.workers, load_average=os.getloadavg()[0], **usual, **small)


if __name__ == "__main__":
    main()
