"""Which engine runs the jobs: this machine's own, unless the Beam flags name a runner."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.engine.engine import Engine
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.portable import PortableEngine
from pipelines.engine.settings import RunnerSettings


def choose_engine(settings: RunnerSettings, beam_flags: Sequence[str] = ()) -> Engine:
    """``settings`` are those of the machine's own engine; a runner that the flags name has its own among them."""
    if _named_runner(beam_flags) is None:
        return InProcessEngine(settings, beam_flags)
    return PortableEngine(beam_flags)


def _named_runner(beam_flags: Sequence[str]) -> str | None:
    """What ``--runner`` says, as Beam understands it."""
    if not beam_flags:
        return None
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

    name: str | None = PipelineOptions(list(beam_flags)).view_as(StandardOptions).runner
    return name or None
