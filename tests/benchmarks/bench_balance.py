"""Each pass of balancing against pyarrow merely reading the same columns. One core, no Beam.

Times are of the processor, not of the clock, on both sides: the ratio then holds on a machine that others use too.

    python -m tests.benchmarks.bench_balance --rows 20000000
    python -m tests.benchmarks.bench_balance --rows 100000000 --shards 1000 --label balance_100m

A pass that is made several times is timed as the mean of them.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tests.benchmarks.harness import keep
from tests.transforms.balancing.passes import run_passes
from tests.transforms.synthetic_annotations import concept_ids, meaningless_names, write_annotations, write_vocabulary
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.datasets import ShardName
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

#: What each pass reads.
COLUMNS = {
    "count": ["concept_ids", "sample_id"],
    "sample": ["concept_ids", "sample_id"],
    "expect": ["concept_ids"],
    "weigh": ["concept_ids"],
    "rank": ["concept_ids", "sample_id"],
    "draw": ["concept_ids", "sample_id"],
    "select": ["concept_ids", "sample_id", "key"],
}


def write_input(folder: RunFolder, rows: int, shards: int, n_concepts: int, k: int) -> list[ShardName]:
    names = [ShardName("synthetic", f"{number:05d}") for number in range(shards)]
    random = np.random.default_rng(0)
    for number, name in enumerate(names):
        ids = concept_ids(rows // shards, n_concepts, k, seed=number)
        keys = [f"{row:09d}" for row in range(len(ids))]
        write_annotations(folder, name, keys, random.integers(0, 2**64, len(ids), dtype=np.uint64), ids)
    write_vocabulary(folder, meaningless_names(n_concepts))
    return names


def read_secs(folder: RunFolder, names: list[ShardName], columns: list[str]) -> float:
    """Least of two: the first may find the files outside the page cache."""
    times = []
    for _ in range(2):
        start = time.process_time()
        for name in names:
            with folder.annotations(*name).open_random() as file:
                pq.read_table(file, columns=columns, use_threads=False)
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--shards", type=int, default=200)
    parser.add_argument("--concepts", type=int, default=500_000)
    parser.add_argument("--concepts-per-image", type=int, default=10)
    parser.add_argument("--method", default="even")
    parser.add_argument("--label", default="balance", help="under which the result is kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder(StoragePath.of(root), "benchmark")
        names = write_input(folder, arguments.rows, arguments.shards, arguments.concepts, arguments.concepts_per_image)
        settings = BalanceSettings(method=arguments.method, size=arguments.rows // 10)
        times: dict[str, list[float]] = {}

        def timed(label: str, work: Callable[[], Any]) -> Any:
            start = time.process_time()
            result = work()
            times.setdefault(label, []).append(time.process_time() - start)
            return result

        reading = {label: read_secs(folder, names, columns) for label, columns in COLUMNS.items()}
        begin = time.process_time()
        run_passes(ShardReader(folder, settings), names, arguments.concepts, timed)
        whole = time.process_time() - begin
        secs = {label: sum(each) / len(each) for label, each in times.items()}
        keep(
            arguments.label,
            **vars(arguments),
            passes=sum(len(each) for label, each in times.items() if label in COLUMNS),
            **{f"{label}_secs": value for label, value in secs.items()},
            **{f"{label}_read_secs": value for label, value in reading.items()},
            **{f"{label}_over_read": secs[label] / value for label, value in reading.items() if label in secs},
            whole_secs=whole,
            rows_per_sec=arguments.rows / whole,
            peak_memory_gib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        )


if __name__ == "__main__":
    main()
