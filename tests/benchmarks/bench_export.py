"""Export beside copying the same bytes: ``python -m tests.benchmarks.bench_export``.

Every sample of some tars is exported by the whole job, its start included: shuffled, named, described, hashed, by a
worker a core and by one worker. Beside it the tars are merely copied, by ``shutil.copyfile`` (in the kernel), and by
reads and writes that also take the SHA-256 that the manifest needs. Once with images of the usual size, once with small
ones, where the work for a sample weighs most. The images are random bytes: export never looks into one.

The inputs lie in the page cache, and all other memory is taken before each measurement: :mod:`.page_cache` says why.
That needs a scratch folder (``--scratch``) with room for the machine's memory and twice the tars. A corpus does not
fit into memory; so for images of usual size also from disk to disk: nothing of the inputs is in the page cache,
memory is left as it is, and a measurement ends when all that was written is on the disk. That ratio says as much of
the disk as of export: the faster the disk, the nearer to the ratio in memory.
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
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from pipelines import export
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings, available_cores
from tests.benchmarks.harness import best_secs, keep
from tests.benchmarks.page_cache import PageCache
from tests.transforms.synthetic_annotations import meaningless_names, write_vocabulary
from transforms import datasets
from transforms.exporting.settings import ExportSettings
from transforms.keyed import sample_ids
from transforms.reading.listing import list_shards
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath
from transforms.tar.writer import TarStream

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
    write_vocabulary(folder, meaningless_names(CONCEPTS))
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
        "source_key": [None] * rows,
        "source_record": [None] * rows,
    }
    annotations = pa.table(columns, schema=datasets.annotations_schema(CONCEPTS_PER_IMAGE))
    datasets.write_table(folder.annotations("random", shard), annotations, folder.fingerprint)
    selection = pa.table([keys, [shard] * rows, [1] * rows, [0.5] * rows], schema=datasets.SELECTION)
    datasets.write_table(folder.selection("random", shard), selection, folder.fingerprint)


def measure(
    name: str,
    scratch: pathlib.Path,
    cache: PageCache,
    tars: int,
    samples: int,
    image_bytes: int,
    repeats: int,
    disk: bool = False,
) -> dict[str, Any]:
    root = scratch / name
    folder, source = make_run(root, tars, samples, image_bytes)
    shards = list_shards(source)
    size_bytes = sum(shard.size_bytes for shard in shards)
    output = pathlib.Path(folder.shards.path)

    def copy_files() -> None:
        for shard in shards:
            shutil.copyfile(shard.path.path, output / shard.name)

    def copy_hashed() -> None:
        for shard in shards:
            sha256 = hashlib.sha256()
            with open(shard.path.path, "rb") as tar, (output / shard.name).open("wb") as copy:
                while block := tar.read(1 << 18):
                    copy.write(block)
                    sha256.update(block)

    def run_export(workers: int | None) -> None:
        settings = ExportSettings(samples_per_shard=samples)
        engine = InProcessEngine(RunnerSettings(workers=workers))
        export.run(folder, shards, {source.name: source}, settings, engine)

    ways: dict[str, Callable[[], None]] = {
        "copyfile": copy_files,
        "copy_sha256": copy_hashed,
        "export": functools.partial(run_export, None),
        "export_one_worker": functools.partial(run_export, 1),
    }

    def read_inputs() -> None:
        cache.fill()
        for shard in shards:
            shard.path.read_bytes()

    def evict_inputs() -> None:
        for shard in shards:
            with open(shard.path.path, "rb") as tar:
                os.posix_fadvise(tar.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    figures: dict[str, Any] = {"image_bytes": image_bytes, "samples": tars * samples, "megabytes": size_bytes / 1e6}
    figures |= compare(ways, read_inputs, output, size_bytes, tars * samples, repeats)
    if disk:
        to_disk = {way: functools.partial(synced, ways[way]) for way in ("copyfile", "export")}
        from_disk = compare(to_disk, evict_inputs, output, size_bytes, tars * samples, repeats)
        figures |= {f"disk_{figure}": value for figure, value in from_disk.items()}
    shutil.rmtree(root)
    return {f"{name}_{figure}": value for figure, value in figures.items()}


def synced(write: Callable[[], None]) -> None:
    write()
    os.sync()


def compare(
    ways: dict[str, Callable[[], None]],
    prepare: Callable[[], None],
    output: pathlib.Path,
    size_bytes: int,
    samples: int,
    repeats: int,
) -> dict[str, Any]:
    """The ways in turns: what disturbs the machine for a while disturbs all. Ratios of the best, and of each turn."""
    secs: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, write in ways.items():
            shutil.rmtree(output, ignore_errors=True)
            output.mkdir(parents=True)
            os.sync()
            prepare()
            secs[way].append(best_secs(write, repeats=1))
    best = {way: min(some) for way, some in secs.items()}
    figures: dict[str, Any] = {f"{way}_megabytes_per_sec": size_bytes / 1e6 / some for way, some in best.items()}
    for way in (way for way in ways if way.startswith("export")):
        figures[f"{way}_samples_per_sec"] = samples / best[way]
        for other in (other for other in ways if other.startswith("copy")):
            figures[f"{way}_to_{other}"] = best[other] / best[way]
            turns = zip(secs[other], secs[way], strict=True)
            figures[f"{way}_to_{other}_each_turn"] = [round(theirs / ours, 3) for theirs, ours in turns]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tars",
        type=int,
        default=48,
        help="of usual size; half as many of small ones: a job's start, a second, is then a fifth",
    )
    parser.add_argument("--samples", type=int, default=1000, help="of usual size, in a tar")
    parser.add_argument("--image-bytes", type=int, default=120_000, help="of an image of usual size")
    parser.add_argument("--small-samples", type=int, default=10_000, help="of small size, in a tar")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scratch", help="folder for the files; default: the system's")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as name:
        scratch = pathlib.Path(name)
        cache = PageCache(scratch)
        tars, samples, repeats = options.tars, options.samples, options.repeats
        usual = measure("usual", scratch, cache, tars, samples, options.image_bytes, repeats, disk=True)
        small = measure("small", scratch, cache, tars // 2, options.small_samples, 8192, repeats)
    keep("export", workers=available_cores(), load_average=os.getloadavg()[0], **usual, **small)


if __name__ == "__main__":
    main()
