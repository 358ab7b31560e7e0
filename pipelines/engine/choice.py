"""Which engine runs the jobs: that of the configuration, unless the Beam flags name a runner of Beam's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from pipelines.engine.dataflow import DataflowEngine
from pipelines.engine.engine import Engine
from pipelines.engine.flink import FlinkEngine
from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.portable import PortableEngine
from pipelines.engine.settings import RunnerName, RunnerSettings
from pipelines.engine.spark import SparkEngine
from transforms.configuration import Settings, refuse_placeholders

#: By the name in the settings.
ENGINES: dict[RunnerName, Callable[[RunnerSettings, Sequence[str]], Engine]] = {
    "direct": InProcessEngine,
    "spark": SparkEngine,
    "flink": FlinkEngine,
    "dataflow": DataflowEngine,
}
assert ENGINES.keys() == set(get_args(RunnerName)), "each runner of the settings has an engine"


def choose_engine(settings: RunnerSettings, beam_flags: Sequence[str] = ()) -> Engine:
    """A runner that the flags name takes its options from among them, and none from the settings."""
    if _named_runner(beam_flags) is not None:
        return PortableEngine(beam_flags)
    return ENGINES[settings.name](settings, beam_flags)


def _named_runner(beam_flags: Sequence[str]) -> str | None:
    """What ``--runner`` says, as Beam understands it."""
    if not beam_flags:
        return None
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

    name: str | None = PipelineOptions(list(beam_flags)).view_as(StandardOptions).runner
    return name or None


def beside_the_cache(engine: Engine, settings: RunnerSettings) -> Engine:
    """For a job whose workers read replies, which lie on a disk of this machine alone: where others would do it, worker
    processes of this one."""
    return InProcessEngine(settings) if engine.is_remote else engine


def engine_for(settings: Settings, runner: RunnerSettings, beam_flags: Sequence[str] = ()) -> Engine:
    """The engine that ``settings`` ask for in their section ``runner``; raises ConfigError where it cannot do them, and
    where they are not filled in."""
    refuse_placeholders(settings, None if runner.name == "dataflow" else "runner.dataflow")
    engine = choose_engine(runner, beam_flags)
    engine.check(settings)
    return engine
