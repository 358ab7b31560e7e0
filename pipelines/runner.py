"""Which engine runs a Beam job: all cores of this machine by default, or whatever the Beam flags name."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from pydantic import Field

from transforms.configuration import NOT_FINGERPRINTED, Settings


class RunnerSettings(Settings):
    """How a job is run. Nothing here changes a byte of the output."""

    workers: int | None = Field(
        None,
        ge=1,
        description="worker processes of the in-process runner; null: one for each core",
        json_schema_extra=NOT_FINGERPRINTED,
    )


def available_cores() -> int:
    """Cores that this process may use (a container may own fewer than the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_job(build: Callable[[beam.Pipeline], None], settings: RunnerSettings, beam_flags: list[str]) -> None:
    """Build one pipeline and run it to its end.

    Without ``--runner`` among the flags: Beam's portable runner inside this process, with a worker process a core
    (chosen explicitly, since the default of ``DirectRunner`` differs between Beam versions).
    """
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    options = PipelineOptions(beam_flags)
    if options.view_as(StandardOptions).runner:
        with beam.Pipeline(options=options) as pipeline:
            build(pipeline)
        return
    workers = settings.workers or available_cores()
    mode = "multi_processing" if workers > 1 else "in_memory"
    options = PipelineOptions([*beam_flags, f"--direct_num_workers={workers}", f"--direct_running_mode={mode}"])
    with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
        build(pipeline)
