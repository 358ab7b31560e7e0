"""The main job on the embedded corpus, as README shows it: ``python -m tests.benchmarks.bench_mini``.

What the command prints, its time and memory, the time when all is done already, and how even each method's selection
is: by the concepts that the encoder retrieved, and by the true ones, which the pipeline never sees. Minutes on two
cores. The picture of ranks goes where README shows it; ``python -m tests.benchmarks.readme_figures`` writes the rest.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.harness import keep
from tests.benchmarks.readme_figures import METHODS, ROOT
from transforms.balancing.measures import measures, normalised_entropy

CONFIG = "configs/build/mini.yaml"
PICTURE = ROOT / ".github" / "images" / "rank_frequency.png"
_SECS_BETWEEN_LOOKS = 0.5


def evenweave(folder: pathlib.Path, *arguments: str) -> tuple[list[str], float, float]:
    """(lines printed, seconds, greatest memory of all its processes in GB) of a command run in ``folder``."""
    # as wide as the page, so that no line is broken
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "NO_COLOR": "1"}
    start = time.perf_counter()
    command = [sys.executable, "-m", "pipelines.main", *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    peak_bytes = [0]
    watcher = threading.Thread(target=watch_memory, args=(process.pid, peak_bytes))
    watcher.start()
    printed, _ = process.communicate()
    secs = time.perf_counter() - start
    watcher.join()
    if process.returncode:
        raise SystemExit(f"evenweave {' '.join(arguments)} ended with status {process.returncode}\n{printed}")
    lines = [line.rstrip() for line in printed.replace(f"{folder}/", "").splitlines()]
    lines = [line for line in lines if not line.startswith("  ")]  # said of slow stages where there is no terminal
    return lines, secs, peak_bytes[0] / 1e9


def watch_memory(pid: int, peak_bytes: list[int]) -> None:
    """Memory that is shared counts once (proportional set size), or forked workers would count their imports twice."""
    while True:
        try:
            parent = psutil.Process(pid)
            if parent.status() == psutil.STATUS_ZOMBIE:
                return
            family = [parent, *parent.children(recursive=True)]
            peak_bytes[0] = max(peak_bytes[0], sum(one.memory_full_info().pss for one in family))
        except psutil.NoSuchProcess:
            if not psutil.pid_exists(pid):
                return
        except psutil.AccessDenied:  # as one ends
            pass
        time.sleep(_SECS_BETWEEN_LOOKS)


def read_all(folder: pathlib.Path, columns: list[str]) -> pa.Table:
    return pa.concat_tables([pq.read_table(path, columns=columns) for path in sorted(folder.rglob("*.parquet"))])


def entropies(folder: pathlib.Path) -> dict[str, float]:
    """Of the raw corpus and of each method's selection, by retrieved and by true concepts."""
    truth = read_all(folder / "runs" / "miniature-corpus" / "truth", ["key", "concepts"])
    concepts_of = dict(zip(truth["key"].to_pylist(), truth["concepts"].to_pylist(), strict=True))
    index = {name: number for number, name in enumerate(sorted({name for of in concepts_of.values() for name in of}))}

    def count(keys: list[str]) -> np.ndarray:
        held = [index[name] for key in keys for name in concepts_of[key]]
        return np.bincount(held, minlength=len(index))

    before = count(list(concepts_of))
    retrieved = {"raw": pq.read_table(folder / "runs" / "mini" / "concepts.parquet")["count_before"].to_numpy()}
    true = {"raw": before}
    for method in METHODS:
        run = folder / "runs" / (method if method != METHODS[-1] else "mini")
        retrieved[method] = pq.read_table(run / "concepts.parquet")["count_after"].to_numpy()
        true[method] = count(read_all(run / "selection", ["key"])["key"].to_pylist())
    figures: dict[str, float] = {}
    for name in true:
        of = measures(true[name], before)
        figures[f"{name}_retrieved_entropy"] = normalised_entropy(retrieved[name][retrieved["raw"] > 0])
        figures[f"{name}_true_entropy"] = of.normalised_entropy
        figures[f"{name}_true_top_percent_share"] = of.top_percent_share
        figures[f"{name}_true_covered"] = of.covered
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=6000)
    options = parser.parse_args()
    sizes = ["--set", f"miniature.settings.images={options.images}", "--size", str(options.size)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "configs").symlink_to(ROOT / "configs")  # so that paths are those of the page
        printed, secs, peak_gb = evenweave(folder, "build", CONFIG, *sizes)
        _, again_secs, _ = evenweave(folder, "build", CONFIG, *sizes)
        for method in METHODS[:-1]:
            own = ["--output", f"runs/{method}", "--set", f"balance.method={method}", "--set", "reuse=runs/mini"]
            evenweave(folder, "build", CONFIG, *sizes, *own)
        figures = entropies(folder)
        shutil.copyfile(folder / "runs" / "mini" / "report" / "rank_frequency.png", PICTURE)
    memory_and_time = {"secs": secs, "again_secs": again_secs, "peak_memory_gb": peak_gb}
    keep("mini", **vars(options), terminal=printed, **memory_and_time, **figures)


if __name__ == "__main__":
    main()
