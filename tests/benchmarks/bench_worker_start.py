"""Starting two workers, as Beam does it and as we do: ``python -m tests.benchmarks.bench_worker_start``.

A job of two elements with nothing to do, over two worker processes: nearly all that it takes is their start and end.
Beam starts an interpreter for each; ours are forked, from a process that the first job starts. The first job of ours is
measured apart. (Beam's workers talk on stderr.)
"""

from __future__ import annotations

import functools
import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from tests.benchmarks.harness import best_secs, keep


def build(pipeline: beam.Pipeline) -> None:
    _ = pipeline | beam.Create([0, 1]) | "Do nothing" >> beam.Map(lambda number: number)


def as_beam_does(workers: int) -> None:
    environment = SubprocessSDKEnvironment(f"{sys.executable} -m apache_beam.runners.worker.sdk_worker_main")
    options = PipelineOptions([f"--direct_num_workers={workers}", "--default_sdk_harness_log_level=CRITICAL"])
    pipeline = beam.Pipeline(runner=FnApiRunner(default_environment=environment), options=options)
    build(pipeline)
    pipeline.run().wait_until_finish()


def main() -> None:
    workers = 2
    ours = functools.partial(InProcessEngine(RunnerSettings(workers=workers)).run, build)
    first_secs = best_secs(ours, repeats=1)
    ours_secs = best_secs(ours, repeats=5)
    beams_secs = best_secs(functools.partial(as_beam_does, workers), repeats=5)
    keep(
        "worker_start",
        workers=workers,
        beam_secs=beams_secs,
        first_secs=first_secs,
        secs=ours_secs,
        beam_to_first=beams_secs / first_secs,
        beam_to_ours=beams_secs / ours_secs,
    )


if __name__ == "__main__":
    main()
