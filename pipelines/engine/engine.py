"""What runs a Beam job. Jobs are handed one and know no more of it than stands here.

An engine is chosen by :mod:`pipelines.engine.choice`. Neither that nor this imports Beam: reading a configuration, or
finding that all is done, needs none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rich.console import Console

from pipelines.engine.progress import StageProgress, WatchedFiles
from transforms.annotating.settings import EncoderSettings
from transforms.configuration import Settings

if TYPE_CHECKING:
    import apache_beam as beam


class Engine(ABC):
    """Runs one pipeline after the other.

    ``job``: what the pipeline at hand is called, a stage as a rule; ``console``: where that is told of. Both are as
    :meth:`progress` was told last.
    """

    job: str | None = None
    console: Console = Console(stderr=True)

    @property
    def is_remote(self) -> bool:
        """Whether workers are on other machines, which do not see what lies on this one."""
        return False

    @property
    def has_workers_beside(self) -> bool:
        """Whether workers are processes on this machine that have imported, or soon will, what this one need not."""
        return False

    @abstractmethod
    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:
        """Build one pipeline and run it to its end.

        ``max_workers`` is the job's own bound: 1 where workers would share one GPU. Raises the EvenweaveError that a
        worker raised, WorkerLostError where one died, and what the engine itself raises of any other failure.
        """

    def progress(self, console: Console, title: str, watched: WatchedFiles | None) -> StageProgress:
        """Shows, while the job runs within it, how far it has come: as a rule, which files have appeared."""
        self.job, self.console = title, console
        return StageProgress(console, title, watched)

    def check(self, settings: Settings) -> None:  # noqa: B027 (most can do whatever there is)
        """Raises ConfigError where a job of these settings cannot run here; called before any work."""

    def check_encoder(self, encoder: EncoderSettings) -> None:  # noqa: B027
        """Raises ConfigError where workers could not load it; called before work that encodes."""

    def resource_hints(self, stage: str) -> Mapping[str, str]:  # noqa: ARG002
        """Beam's resource hints for the step of ``stage`` that loads a model."""
        return {}

    def prepare(self, job: str) -> None:  # noqa: B027 (most have nothing to prepare)
        """``job``, a module of :mod:`pipelines`, will be run soon, and this process is busy with other things."""
