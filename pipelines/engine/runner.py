"""Which engine runs a Beam job: all cores of this machine by default, or whatever the Beam flags name."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import sys
from collections.abc import Callable

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonEnvironment

from pipelines.engine.settings import RunnerSettings
from pipelines.engine.worker_processes import WorkerProcessEnvironment, lost_workers_are_errors
from transforms import errors

#: As a traceback ends that was printed by a worker process.
_REMOTE_ERROR = re.compile(
    r"^transforms\.errors\.(?P<kind>\w+): (?P<message>.*?)(?: \[while running|\n\n|\n?\Z)", re.MULTILINE | re.DOTALL
)
_BEAM_SUFFIX = " [while running"  # Beam's mark on the message of what a transform raises


def run_job(
    build: Callable[[beam.Pipeline], None],
    settings: RunnerSettings,
    beam_flags: list[str],
    max_workers: int | None = None,
) -> None:
    """Build one pipeline and run it to its end.

    Without ``--runner`` among the flags: Beam's portable runner inside this process, with a worker process a core
    (chosen explicitly, since the default of ``DirectRunner`` differs between Beam versions). ``max_workers`` is the
    job's own bound: 1 where workers would share one GPU.
    """
    options = PipelineOptions(beam_flags)
    runner = None
    if not options.view_as(StandardOptions).runner:
        runner, options = _in_process(build.__module__, settings, beam_flags, max_workers)
    pipeline = beam.Pipeline(runner=runner, options=options)
    build(pipeline)
    # Beam's own worker prints each exception before it is raised here
    quiet = contextlib.redirect_stderr(io.StringIO()) if runner else contextlib.nullcontext()
    try:
        with quiet, lost_workers_are_errors():
            pipeline.run().wait_until_finish()
    except Exception as error:
        if user_error := _user_error(error):
            raise user_error from None
        raise


def _in_process(
    job: str, settings: RunnerSettings, beam_flags: list[str], max_workers: int | None
) -> tuple[FnApiRunner, PipelineOptions]:
    # Beam also raises what it logs as an error
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    workers = min(settings.processes, max_workers or sys.maxsize)
    environment = WorkerProcessEnvironment(job) if workers > 1 else EmbeddedPythonEnvironment.default()
    options = PipelineOptions(
        [*beam_flags, f"--direct_num_workers={workers}", "--default_sdk_harness_log_level=CRITICAL"]
    )
    return FnApiRunner(default_environment=environment), options


def _user_error(error: BaseException) -> errors.EvenweaveError | None:
    """The error meant for the user inside Beam's: itself, or its text where it crossed a process boundary."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, errors.EvenweaveError):
            return type(cause)(str(cause).partition(_BEAM_SUFFIX)[0])
        cause = cause.__cause__ or cause.__context__
    found = _REMOTE_ERROR.search(str(error))
    if not found:
        return None
    kind = getattr(errors, found["kind"], errors.EvenweaveError)
    return kind(found["message"])
