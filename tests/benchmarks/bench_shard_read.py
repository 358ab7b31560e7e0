"""Reading a shard's annotations, as jobs do and as pyarrow does: ``python -m tests.benchmarks.bench_shard_read``.

Jobs read a Parquet file a shard, whole or some columns of it, after a look at its metadata. Beside
:func:`transforms.datasets.read_table`: pyarrow's ``read_schema`` and ``read_table``, which open the file twice. One
thread each; the files lie in the page cache.
"""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Sequence
from typing import Any

import pyarrow.parquet as pq

from tests.benchmarks.bench_export import write_datasets
from tests.benchmarks.harness import best_secs, keep
from transforms.datasets import read_table
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

SHARDS = 50
FEW = ["key", "sample_id", "member_bytes"]


def compare(folder: RunFolder, rows: int, columns: Sequence[str] | None) -> tuple[float, float]:
    """Seconds a shard: ours, and pyarrow's."""
    names = [f"{number:05d}" for number in range(SHARDS)]
    for name in names:
        keys = [f"{name}{row:06d}" for row in range(rows)]
        write_datasets(folder, name, keys, [512] * rows, [bytes(16)] * rows, 120_000)
    paths = [folder.annotations("random", name) for name in names]

    def ours() -> None:
        for path in paths:
            read_table(path, folder.fingerprint, columns)

    def pyarrows() -> None:
        for path in paths:
            pq.read_schema(path.path)
            pq.read_table(path.path, columns=columns, use_threads=False)

    return best_secs(ours, repeats=7) / SHARDS, best_secs(pyarrows, repeats=7) / SHARDS


def main() -> None:
    figures: dict[str, Any] = {}
    for rows in (1_000, 10_000):
        for name, columns in (("few", FEW), ("all", None)):
            with tempfile.TemporaryDirectory() as scratch:
                folder = RunFolder(StoragePath.of(pathlib.Path(scratch)), "benchmark")
                ours, pyarrows = compare(folder, rows, columns)
            what = f"rows_{rows}_{name}_columns"
            figures |= {f"{what}_millis": ours * 1e3, f"{what}_pyarrow_to_ours": pyarrows / ours}
    keep("shard_read", **figures)


if __name__ == "__main__":
    main()
