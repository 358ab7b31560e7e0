"""The engine for whatever runner the Beam flags name: Beam itself finds it, starts it and tells it what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.engine.engine import Engine
from pipelines.engine.user_errors import users_errors_as_themselves

if TYPE_CHECKING:
    import apache_beam as beam


class PortableEngine(Engine):
    """``--runner`` and its other options as given, and none besides."""

    def __init__(self, beam_flags: Sequence[str]) -> None:
        self._beam_flags = list(beam_flags)

    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:  # noqa: ARG002
        """``max_workers`` is left to the flags: only they know what machines there are."""
        self._run(build, self._beam_flags)

    def _run(self, build: Callable[[beam.Pipeline], None], flags: Sequence[str]) -> None:
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions

        pipeline = beam.Pipeline(options=PipelineOptions(list(flags)))
        build(pipeline)
        with users_errors_as_themselves():
            self._wait(pipeline.run())

    def _wait(self, result: Any) -> None:
        """To the end of a job that has been handed over; ``result`` is what Beam makes of it."""
        result.wait_until_finish()
