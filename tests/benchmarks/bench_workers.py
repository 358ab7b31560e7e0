"""What Beam costs annotate, and what a second worker gains it: ``python -m tests.benchmarks.bench_workers [--spark]``.

Real JPEGs in tars go through the annotate stage of a run, with the tiny encoder, one thread a worker: the smaller the
model, the more of the time is all else. Beside it the same step without Beam, shard by shard in a plain loop; and two
such loops at once, in processes of their own, each over half of the shards: what this machine's cores can give. One
worker, or loop, has one core, since its threads that decode and write would take others that are idle.

Each side is a process of its own. Seconds are those of the stage, from a run folder whose vocabulary is embedded to
files that are complete; sides take turns, and the least of each counts.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console

from pipelines.build import build, job_module
from pipelines.build_run import BuildRun
from pipelines.build_settings import BuildSettings
from pipelines.engine.choice import choose_engine
from pipelines.engine.settings import RunnerName, RunnerSettings
from pipelines.packaged_configs import CONFIGS
from tests.benchmarks.bench_annotate import write_tar
from tests.benchmarks.harness import keep
from transforms.annotating.beam import ShardToAnnotate, _AnnotateShard
from transforms.annotating.embedding_files import part_name
from transforms.configuration import load_settings
from transforms.stages import ANNOTATE, VOCABULARY

PLAIN, HALF = "plain", "half"  # the step without Beam, over all shards, or over half of them
_JOBS: dict[str, tuple[RunnerName, int]] = {
    "direct_1": ("direct", 1),
    "direct_2": ("direct", 2),
    "spark_2": ("spark", 2),
}


def opened(images: pathlib.Path, output: str, name: RunnerName, workers: int) -> BuildRun:
    """A run whose vocabulary is embedded; as in a whole build, what workers import is imported meanwhile."""
    overrides = [f"output={output}", "miniature=null", "sources.0.language=en", f"sources.0.path={images}"]
    settings = load_settings(os.path.join(CONFIGS, "build", "mini.yaml"), BuildSettings, overrides)
    engine = choose_engine(RunnerSettings(name=name, workers=workers))
    run = BuildRun(settings, engine, Console(file=open(os.devnull, "w")))  # noqa: SIM115
    engine.prepare(job_module(ANNOTATE))
    build(run, [VOCABULARY])
    return run


def in_a_loop(run: BuildRun, part: slice) -> None:
    """What annotate does to some shards, without Beam."""
    settings, sources = run.settings, dict(run.sources)
    step = _AnnotateShard(run.folder, sources, settings.encoder, settings.retrieval, settings.decode, on_gpu=False)
    step.start_bundle()
    for number, shard in list(enumerate(run.inputs))[part]:
        list(step.process(ShardToAnnotate(shard, part_name(number, len(run.inputs)))))
    list(step.finish_bundle())


def secs_of(side: str, images: pathlib.Path) -> float:
    with tempfile.TemporaryDirectory() as output:
        run = opened(images, output, *_JOBS.get(side, ("direct", 1)))
        start = time.perf_counter()
        if side in _JOBS:
            build(run, [ANNOTATE])
        else:
            in_a_loop(run, slice(None, None, 2 if side == HALF else 1))
        return time.perf_counter() - start


def measured(side: str, images: pathlib.Path, cores: list[set[int]]) -> float:
    """The longest of as many at once as there are sets of ``cores``."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_workers", "--one", side, "--images", str(images)]
    running = [
        subprocess.Popen([*command, "--cores", *map(str, sorted(own))], stdout=subprocess.PIPE, text=True)
        for own in cores
    ]
    said = [one.communicate()[0] for one in running]
    assert not any(one.returncode for one in running), f"{side} failed"
    return max(float(json.loads(one.splitlines()[-1])) for one in said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--images-a-shard", type=int, default=500)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--spark", action="store_true", help="on Spark, too, in its job server on this machine")
    parser.add_argument("--one", choices=[PLAIN, HALF, *_JOBS], help="measure only this side, of what --images holds")
    parser.add_argument("--images", type=pathlib.Path)
    parser.add_argument("--cores", type=int, nargs="*")
    options = parser.parse_args()
    if options.one:
        os.sched_setaffinity(0, options.cores)
        print(json.dumps(secs_of(options.one, options.images)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_tar(folder / "00000.tar", options.images_a_shard)
        for number in range(1, options.shards):
            os.link(folder / "00000.tar", folder / f"{number:05d}.tar")
        one, other, *_ = os.sched_getaffinity(0)
        sides: dict[str, Callable[[], float]] = {
            PLAIN: lambda: measured(PLAIN, folder, [{one}]),
            "two_plain_at_once": lambda: measured(HALF, folder, [{one}, {other}]),
            "direct_1": lambda: measured("direct_1", folder, [{one}]),
            "direct_2": lambda: measured("direct_2", folder, [{one, other}]),
        }
        if options.spark:
            sides["spark_2"] = lambda: measured("spark_2", folder, [{one, other}])
        best: dict[str, float] = {}
        for _ in range(options.turns):
            for side, work in sides.items():
                best[side] = min(best.get(side, float("inf")), work())
    images = options.shards * options.images_a_shard
    figures: dict[str, Any] = {f"{side}_images_per_sec": images / secs for side, secs in best.items()}
    figures["direct_1_to_plain"] = best[PLAIN] / best["direct_1"]
    figures["second_worker_gains"] = best["direct_1"] / best["direct_2"]
    figures["second_core_gives"] = best[PLAIN] / best["two_plain_at_once"]
    figures["direct_2_to_two_plain"] = best["two_plain_at_once"] / best["direct_2"]
    if options.spark:
        figures["spark_2_to_direct_2"] = best["direct_2"] / best["spark_2"]
    keep("workers", images=images, shards=options.shards, **figures)


if __name__ == "__main__":
    main()
