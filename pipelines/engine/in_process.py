"""The engine of one machine: Beam's portable runner inside this process, with a worker process a core.

It is chosen explicitly, since the default of Beam's ``DirectRunner`` differs between versions.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.engine.engine import Engine
from pipelines.engine.forking import import_ahead
from pipelines.engine.settings import RunnerSettings
from pipelines.engine.user_errors import users_errors_as_themselves

if TYPE_CHECKING:
    import apache_beam as beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner


class InProcessEngine(Engine):
    """One worker: in this very process. More: processes of their own, that die with this one."""

    def __init__(self, settings: RunnerSettings, beam_flags: Sequence[str] = ()) -> None:
        self._settings, self._beam_flags = settings, list(beam_flags)

    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:
        import apache_beam as beam
        from apache_beam.transforms.environments import EmbeddedPythonEnvironment

        from pipelines.engine.graph_building import PipelineOptions, functions_looked_through_once
        from pipelines.engine.worker_processes import WorkerProcessEnvironment, lost_workers_are_errors

        # Beam also raises what it logs as an error
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
        workers = min(self._settings.processes, max_workers or sys.maxsize)
        flags = [*self._beam_flags, f"--direct_num_workers={workers}", "--default_sdk_harness_log_level=CRITICAL"]
        environment = WorkerProcessEnvironment(build.__module__) if workers > 1 else EmbeddedPythonEnvironment.default()
        runner = self._runner(environment)
        # Beam's own worker prints each exception before it is raised here
        quiet = contextlib.redirect_stderr(io.StringIO())
        with functions_looked_through_once():
            pipeline = beam.Pipeline(runner=runner, options=PipelineOptions(flags))
            build(pipeline)
            with users_errors_as_themselves(), quiet, lost_workers_are_errors():
                result = pipeline.run()
                result.wait_until_finish()
        self._ended(result)

    def _runner(self, environment: Any) -> FnApiRunner:
        """Beam's own, with workers in ``environment``."""
        from apache_beam.runners.portability.fn_api_runner import FnApiRunner

        return FnApiRunner(default_environment=environment)

    def _ended(self, result: Any) -> None:
        """For what wants to know more of a job that has ended well."""

    @property
    def has_workers_beside(self) -> bool:
        return self._settings.processes > 1

    def prepare(self, job: str) -> None:
        """Workers import there while this process imports the same here: two processes do both at once."""
        if self._settings.processes > 1:
            import_ahead(job)
