"""Reading from a store that is far away: ``python -m tests.benchmarks.bench_object_store``.

A store that answers 40 ms after each request, through a line of a fixed bandwidth (:mod:`.slow_store`), holds tars of
images of the usual size. Measured are annotate's reader alone (all samples of all tars, one after another; no image is
decoded), once of tars and once of the same images in Parquet, row groups of 100 as they are published, and the writing
of an output shard on a local disk, whose images lie in those tars in another order. The bound is a bare client in the
same process: plain HTTP, as many ranges of the same size in flight, and the bytes thrown away.
Beside them what was done before: one MiB, or one image, after the other, on one thread and on two.

All take turns; what is kept is the least time of each, and every turn's ratio to the bare client.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import http.client
import os
import pathlib
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.bench_export import make_run
from tests.benchmarks.harness import best_secs, keep
from tests.benchmarks.slow_store import BUCKET, SlowStore, slow_store
from transforms.exporting.blocks import ExportPlan, cut_block
from transforms.exporting.rows import read_places, read_rows
from transforms.exporting.settings import ExportSettings
from transforms.exporting.shard_writer import ShardWriter
from transforms.reading.input_shard import InputShard
from transforms.reading.listing import list_shards
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder

LATENCY_SECS = 0.04
RANGE_BYTES, RANGES_IN_FLIGHT, IMAGES_IN_FLIGHT = 8 << 20, 6, 64
BEFORE_BYTES = 1 << 20
Range = tuple[str, int, int]  # object, begin, end


def bare_client(port: int, ranges: Sequence[Range], in_flight: int) -> int:
    """Bytes that came of the ranges, asked for over connections that stay open."""
    kept = threading.local()

    def get(wanted: Range) -> int:
        name, begin, end = wanted
        if not hasattr(kept, "connection"):
            kept.connection = http.client.HTTPConnection("127.0.0.1", port)
            kept.buffer = bytearray(RANGE_BYTES)
        kept.connection.request("GET", f"/{BUCKET}/{name}", headers={"Range": f"bytes={begin}-{end - 1}"})
        answer = kept.connection.getresponse()
        read, view = 0, memoryview(kept.buffer)
        while some := answer.readinto(view[read:]):
            read += some
        answer.read()  # its end
        return read

    with concurrent.futures.ThreadPoolExecutor(in_flight) as pool:
        return sum(pool.map(get, ranges))


def one_after_another(shards: Sequence[InputShard], ranges: Sequence[Range]) -> None:
    """As it was before: on one thread, by Arrow's client."""
    paths = {shard.path.name: shard.path for shard in shards}
    files = {name: path.open_random() for name, path in paths.items()}
    for name, begin, end in ranges:
        files[name].seek(begin)
        files[name].readinto(bytearray(end - begin))


def cut(shards: Sequence[InputShard], range_bytes: int) -> list[Range]:
    return [
        (shard.path.name, begin, min(begin + range_bytes, shard.size_bytes))
        for shard in shards
        for begin in range(0, shard.size_bytes, range_bytes)
    ]


def exported_rows(folder: RunFolder, shards: Sequence[InputShard]) -> list[tuple[InputShard, pa.Table]]:
    """Every sample of the shards, as rows of one output shard."""
    places = [read_places(folder, shard.source, shard.name, seed=0) for shard in shards]
    place = np.concatenate([some.place for some in places])
    image_bytes = np.concatenate([some.image_bytes for some in places])
    plan = ExportPlan.of([(0, cut_block(place, image_bytes, len(place), int(image_bytes.sum())))])
    return [(shard, rows) for shard in shards for _, rows in read_rows(folder, shard.source, shard.name, 0, plan, 0)]


def write_parquet(folder: pathlib.Path, shards: Sequence[InputShard], source: SourceSettings) -> None:
    """The images of each tar in a file of the same name."""
    for shard in shards:
        samples = [sample for sample in read_samples(shard, source) if isinstance(sample, RawSample)]
        table = pa.table({"image": [s.image for s in samples], "caption": [s.caption for s in samples]})
        pq.write_table(table, folder / f"{shard.name}.parquet", row_group_size=100, compression="none")


def parquet_shards(store: SlowStore, folder: pathlib.Path) -> list[InputShard]:
    files = sorted(folder.glob("*.parquet"))
    return [InputShard("rows", one.stem, "parquet", store.path(one.name), one.stat().st_size) for one in files]


def measure(
    store: SlowStore,
    folder: RunFolder,
    local: Sequence[InputShard],
    source: SourceSettings,
    rows: Sequence[InputShard],
    repeats: int,
) -> dict[str, Any]:
    shards = [replace(shard, path=store.path(shard.path.name)) for shard in local]
    parts = exported_rows(folder, shards)
    wanted = pa.concat_tables([rows for _, rows in parts]).sort_by("place")
    columns = (wanted.column(name).to_pylist() for name in ("shard", "member_offset", "member_bytes"))
    images = [(f"{shard}.tar", offset, offset + size) for shard, offset, size in zip(*columns, strict=True)]

    def annotate(shards: Sequence[InputShard], source: SourceSettings) -> None:
        for shard in shards:
            for _ in read_samples(shard, source):
                pass

    of_rows = SourceSettings(name="rows", format="parquet", path="s3://elsewhere")

    def export() -> None:
        ShardWriter(folder, ExportSettings(), {source.name: source}).write(0, parts)

    ranges, small = cut(shards, RANGE_BYTES), cut(shards[:1], BEFORE_BYTES)
    few = images[: len(images) // 8]  # before, all of them would take minutes
    sizes = {"tars": sum(shard.size_bytes for shard in shards), "images": sum(end - begin for _, begin, end in images)}
    sizes |= {"few_tars": shards[0].size_bytes, "few_images": sum(end - begin for _, begin, end in few)}
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "annotate_bare": (lambda: bare_client(store.port, ranges, RANGES_IN_FLIGHT), sizes["tars"]),
        "annotate": (lambda: annotate(shards, source), sizes["tars"]),
        "annotate_parquet": (lambda: annotate(rows, of_rows), sizes["tars"]),
        "annotate_before": (lambda: one_after_another(shards, small), sizes["few_tars"]),
        "export_bare": (lambda: bare_client(store.port, images, IMAGES_IN_FLIGHT), sizes["images"]),
        "export": (export, sizes["images"]),
        "export_before": (lambda: one_after_another(shards, few), sizes["few_images"]),
    }
    secs: dict[str, list[float]] = {way: [] for way in ways}
    figures: dict[str, Any] = {}
    for _ in range(repeats):
        for way, (read, size_bytes) in ways.items():
            store.calls()
            secs[way].append(best_secs(read, repeats=1))
            calls = store.calls()
            figures[f"{way}_megabytes_per_sec"] = size_bytes / 1e6 / min(secs[way])
            figures[f"{way}_calls_per_gigabyte"] = sum(calls.values()) / (size_bytes / 1e9)
            figures[f"{way}_looks_per_gigabyte"] = calls.get("HEAD", 0) / (size_bytes / 1e9)
    for way, bound in (("annotate", "annotate"), ("annotate_parquet", "annotate"), ("export", "export")):
        figures[f"{way}_to_bare"] = min(secs[f"{bound}_bare"]) / min(secs[way])
        turns = zip(secs[f"{bound}_bare"], secs[way], strict=True)
        figures[f"{way}_to_bare_each_turn"] = [round(bare / ours, 3) for bare, ours in turns]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tars", type=int, default=6)
    parser.add_argument("--samples", type=int, default=800, help="in a tar")
    parser.add_argument("--image-bytes", type=int, default=120_000)
    parser.add_argument("--megabytes-per-sec", type=float, default=100.0, help="of the line")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="keep the result")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        folder, source = make_run(root, options.tars, options.samples, options.image_bytes)
        shards = list_shards(source)
        write_parquet(root / "raw", shards, source)
        with slow_store(root / "raw", LATENCY_SECS, options.megabytes_per_sec * 1e6) as store:
            rows = parquet_shards(store, root / "raw")
            figures = measure(store, folder, shards, source, rows, options.repeats)
    about = {
        "latency_millis": LATENCY_SECS * 1e3,
        "line_megabytes_per_sec": options.megabytes_per_sec,
        "tar_megabytes": shards[0].size_bytes / 1e6,
        "load_average": os.getloadavg()[0],
    }
    if options.keep:
        keep("object_store", **about, **figures)
    else:
        print(*(f"{name} {value}" for name, value in (about | figures).items()), sep="\n")


if __name__ == "__main__":
    main()
