"""Deduplicate, balance and the export's plan as their shards grow: ``python -m tests.benchmarks.bench_many_shards``.

Synthetic annotations, as many rows a shard each time, go through the jobs as they are, in Beam's in-process runner with
one worker. Each size is a process of its own, whose greatest memory is kept beside the seconds of its processor, which
hold on a machine that others use too. Beside each stage: pyarrow reading the columns that one pass of it reads.

Balance is by inverse_frequency: what a method that is fitted takes besides depends on its sample, not on the shards
(bench_even).

What is shuffled is what the one bundle of each job sends: of balance one sum a pass.

Each bit of the perceptual hashes is set with a chance of its own, as pictures with white margins have them; every
twentieth row has the hash of another.

    python -m tests.benchmarks.bench_many_shards --shards 1000 2000 4000 --rows 1000 --keep
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import balance, deduplicate
from pipelines.engine.measured import MeasuredEngine
from tests.benchmarks.harness import keep
from tests.transforms.synthetic_annotations import concept_ids, meaningless_names, write_annotations, write_vocabulary
from transforms.balancing.settings import BalanceSettings
from transforms.beam import CreateMany
from transforms.datasets import ShardName, write_table
from transforms.deduplicating.corpus_size import CorpusSize
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.exporting.beam import _Plan, _read_places
from transforms.exporting.blocks import deal_blocks
from transforms.exporting.settings import ExportSettings
from transforms.reading.input_shard import InputShard
from transforms.reading.inputs import inputs_table
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

CONCEPTS, CONCEPTS_AN_IMAGE = 20_000, 8
COLUMNS = {
    "deduplicate": ["sample_id", "content_hash", "perceptual_hash"],
    "balance": ["concept_ids", "sample_id"],
    "export_plan": ["key", "sample_id", "member_bytes"],
}


def write_input(folder: RunFolder, shards: int, rows: int) -> list[InputShard]:
    chances = np.random.default_rng(0).uniform(0.02, 0.98, 64)
    inputs = [
        InputShard("synthetic", f"{number:06d}", "webdataset", folder.root / "none.tar", 1) for number in range(shards)
    ]
    for number, shard in enumerate(inputs):
        random = np.random.default_rng(number + 1)
        bits = random.random((rows, 64)) < chances
        hashes = np.packbits(bits, axis=1).view(np.uint64).ravel()
        hashes[::20] = hashes[0]
        write_annotations(
            folder,
            ShardName(shard.source, shard.name),
            [f"{number:06d}{row:06d}" for row in range(rows)],
            random.integers(0, 2**64, rows, dtype=np.uint64),
            concept_ids(rows, CONCEPTS, CONCEPTS_AN_IMAGE, seed=number),
            content_hash=pa.array([random.bytes(16) for _ in range(rows)], pa.binary(16)),
            perceptual_hash=pa.array(hashes),
            member_bytes=pa.array(np.full(rows, 120_000)),
        )
    write_vocabulary(folder, meaningless_names(CONCEPTS))
    write_table(folder.inputs, inputs_table(inputs), folder.fingerprint)
    return inputs


def plan_export(folder: RunFolder, inputs: list[InputShard], engine: MeasuredEngine) -> None:
    """What export does before it deals rows out."""
    settings = ExportSettings()
    names = [ShardName(shard.source, shard.name) for shard in inputs]
    blocks = deal_blocks(names, settings.shuffle_block_shards, settings.seed).tolist()

    def build(pipeline: beam.Pipeline) -> None:
        shards = pipeline | "Input shards" >> CreateMany(folder, list(zip(blocks, inputs, strict=True)))
        plan = shards | "Place copies" >> beam.Map(_read_places, folder, settings.seed) | _Plan(settings)
        _ = pipeline | beam.Create([None]) | "Use" >> beam.Map(lambda _, found: found.shards, plan)

    engine.run(build)


def measure(shards: int, rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(StoragePath.of(name), "benchmark")
        inputs = write_input(folder, shards, rows)
        names = [ShardName(shard.source, shard.name) for shard in inputs]
        all_rows, engine = shards * rows, MeasuredEngine()
        settings = BalanceSettings(size=all_rows // 10, method="inverse_frequency")
        ways: dict[str, Callable[[], Any]] = {
            "deduplicate": lambda: deduplicate.run(folder, CorpusSize(shards, all_rows), DeduplicateSettings(), engine),
            "balance": lambda: balance.run(folder, names, settings, CONCEPTS, engine, all_rows),
            "export_plan": lambda: plan_export(folder, inputs, engine),
        }
        figures: dict[str, float] = {"shards": shards, "written_gb": peak_gb()}
        for stage, work in ways.items():
            start, shuffled = time.process_time(), engine.shuffled_bytes
            for one in names:
                with folder.annotations(*one).open_random() as file:
                    pq.read_table(file, columns=COLUMNS[stage], use_threads=False)
            read, start = time.process_time() - start, time.process_time()
            work()
            secs = time.process_time() - start
            found = {
                "secs": secs,
                "rows_per_sec": all_rows / secs,
                "over_read": secs / read,
                "peak_gb": peak_gb(),
                "shuffled_mb": (engine.shuffled_bytes - shuffled) / 1e6,
            }
            figures |= {f"{stage}_{name}": value for name, value in found.items()}
    return figures


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, nargs="+", default=[1000, 2000, 4000])
    parser.add_argument("--rows", type=int, default=1000, help="in a shard")
    parser.add_argument("--keep", action="store_true", help="keep the result")
    parser.add_argument("--alone", action="store_true", help="one size, in this process")
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measure(options.shards[0], options.rows)))
        return
    sizes = []
    for shards in options.shards:
        command = [sys.executable, "-m", "tests.benchmarks.bench_many_shards", "--alone", "--rows", str(options.rows)]
        done = subprocess.run([*command, "--shards", str(shards)], check=True, stdout=subprocess.PIPE, text=True)
        sizes.append(json.loads(done.stdout.splitlines()[-1]))
        print(sizes[-1], flush=True)
    first, last = sizes[0], sizes[-1]
    growth = {
        f"{stage}_secs_a_shard_last_over_first": (last[f"{stage}_secs"] / last["shards"])
        / (first[f"{stage}_secs"] / first["shards"])
        for stage in COLUMNS
    }
    if options.keep:
        keep("many_shards", rows_a_shard=options.rows, load_average=os.getloadavg()[0], **growth, sizes=sizes)


if __name__ == "__main__":
    main()
