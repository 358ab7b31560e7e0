"""What a run over very many shards takes of the process that drives it: ``python -m tests.benchmarks.bench_driver``.

The input is a folder of links to one tar, the run folder holds a link to one file of annotations for each, both in
memory, and every job is built as a runner is handed it, but not run. Timed is each thing that the driver does itself.
Beside the listing: Python's own walk with a look at each file, the least that it can take.

Times are of the processor beside those of the clock: they hold on a machine that others use too. Memory is the greatest
of this process until then: after its imports, and after each step.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console

from pipelines import annotate, balance, deduplicate, export
from pipelines.build_run import BuildRun
from pipelines.build_settings import BuildSettings
from pipelines.input_versions import settle_inputs
from tests.benchmarks.bench_export import make_run
from tests.benchmarks.harness import keep
from tests.pipelines.engine.graph_only import GraphOnlyEngine
from transforms.configuration import load_settings
from transforms.reading.checks import check_inputs
from transforms.rejects import Counts
from transforms.stages import ANNOTATE, BALANCE, DEDUPLICATE, EXPORT, VOCABULARY, Stage
from transforms.verifying.listing import check_presence

MINI = "configs/build/mini.yaml"
SOURCE = "links"
JOBS = {ANNOTATE: annotate, DEDUPLICATE: deduplicate, BALANCE: balance, EXPORT: export}
_ROWS_A_SHARD = 10_000
_CONCEPTS = 500_000


def link_all(to: pathlib.Path, folder: pathlib.Path, ending: str, number: int) -> None:
    folder.mkdir(parents=True)
    for name in range(number):
        os.link(to, f"{folder}/{name:07d}{ending}")


def walk(folder: pathlib.Path) -> Iterator[os.stat_result]:
    return (entry.stat() for entry in os.scandir(folder))


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


class Driver:
    """A run as the command opens it, with an engine that runs nothing; what each step took."""

    def __init__(self, root: pathlib.Path, shards: int) -> None:
        overrides = [
            *(f"output={root / 'run'}", "miniature=null"),
            *(f"sources.0.name={SOURCE}", f"sources.0.path={root / 'input'}"),
        ]
        self.engine = GraphOnlyEngine()
        self.run = BuildRun(load_settings(MINI, BuildSettings, overrides), self.engine, Console(quiet=True))
        self.shards = shards
        self.figures: dict[str, Any] = {"import_peak_gb": peak_gb()}

    def timed(self, step: str, work: Callable[[], Any]) -> Any:
        start, cpu_start = time.perf_counter(), time.process_time()
        result = work()
        secs, cpu_secs = time.perf_counter() - start, time.process_time() - cpu_start
        self.figures |= {f"{step}_secs": secs, f"{step}_cpu_secs": cpu_secs, f"{step}_peak_gb": peak_gb()}
        print(f"{step}: {secs:.1f} s, {cpu_secs:.1f} s of processors, {peak_gb():.2f} GB", flush=True)
        return result

    def begin(self) -> None:
        """As ``build`` does before the first stage."""
        run = self.run
        self.timed("list", lambda: run.inputs)
        self.timed("check_inputs", lambda: check_inputs(run.inputs, run.sources))
        self.timed("run_json", lambda: run.state)
        products = run.annotated_inputs
        self.timed("settle_inputs", lambda: settle_inputs(run.state, products, False, run.console))
        self.timed("settle_inputs_again", lambda: settle_inputs(run.state, products, False, run.console))

    def stages(self) -> None:
        rows = self.shards * _ROWS_A_SHARD
        given = {ANNOTATE: rows, DEDUPLICATE: rows, BALANCE: rows, EXPORT: self.run.settings.balance.size}
        self.run.state.finish(VOCABULARY.name, Counts(_CONCEPTS, _CONCEPTS))
        for stage, job in JOBS.items():
            self._graph(stage, job)
            self.run.state.finish(stage.name, Counts(given[stage], given[stage]))

    def _graph(self, stage: Stage, job: Any) -> None:
        self.engine.job = stage.name
        self.timed(f"{stage.name}_graph", lambda: _ignoring_what_is_not_there(job.stage_job(self.run).run))
        self.figures[f"{stage.name}_graph_kb"] = self.engine.graph_bytes[stage.name] / 1e3
        self.timed(f"{stage.name}_end", self.run.folder.elements.remove)


def _ignoring_what_is_not_there(work: Callable[[], Any]) -> None:
    """Export reads its manifest when its job has run."""
    try:
        work()
    except Exception as error:
        if "manifest.json" not in str(error):
            raise


def measure(root: pathlib.Path, shards: int) -> dict[str, Any]:
    folder, _ = make_run(root / "one", 1, 2, 500)
    link_all(root / "one" / "raw" / "00000.tar", root / "input", ".tar", shards)
    start = time.process_time()
    assert sum(1 for _ in walk(root / "input")) == shards
    walk_cpu_secs = time.process_time() - start

    driver = Driver(root, shards)
    driver.begin()
    annotations = pathlib.Path(driver.run.folder.annotations(SOURCE, "x").parent.path)
    link_all(pathlib.Path(folder.annotations("random", "00000").path), annotations, ".parquet", shards)
    driver.timed("look_at_progress", (driver.run.folder.root / "annotations").walk)
    driver.run.state.finish(ANNOTATE.name, Counts(shards, shards), reject_files=0)
    driver.timed("check_presence", lambda: check_presence(driver.run.state, driver.run.shard_names))
    driver.stages()
    cpu_secs = sum(value for name, value in driver.figures.items() if name.endswith("_cpu_secs"))
    secs = sum(value for name, value in driver.figures.items() if name.endswith("_secs")) - cpu_secs
    graphs = [value for name, value in driver.figures.items() if name.endswith("_graph_kb")]
    return {
        **driver.figures,
        "walk_cpu_secs": walk_cpu_secs,
        "list_over_walk": driver.figures["list_cpu_secs"] / walk_cpu_secs,
        "all_secs": secs,
        "all_cpu_secs": cpu_secs,
        "peak_gb": peak_gb(),
        "largest_graph_kb": max(graphs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=1_000_000)
    parser.add_argument("--folder", default="/dev/shm", help="on a file system that bears as many links to one file")
    parser.add_argument("--keep", action="store_true", help="keep the result")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        load_average = os.getloadavg()[0]
        figures = {"shards": options.shards, "load_average": load_average}
        figures |= measure(pathlib.Path(name), options.shards)
    if options.keep:
        keep("driver", **figures)
    else:
        print(*(f"{name} {value}" for name, value in figures.items()), sep="\n")


if __name__ == "__main__":
    main()
