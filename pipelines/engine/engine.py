"""What runs a Beam job. Jobs are handed one and know no more of it than stands here.

An engine is chosen by :mod:`pipelines.engine.choice`. Neither that nor this imports Beam: reading a configuration, or
finding that all is done, needs none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console

from pipelines.engine.progress import StageProgress, WatchedFiles

if TYPE_CHECKING:
    import apache_beam as beam


class Engine(ABC):
    """Runs one pipeline after the other."""

    @abstractmethod
    def run(self, build: Callable[[beam.Pipeline], None], max_workers: int | None = None) -> None:
        """Build one pipeline and run it to its end.

        ``max_workers`` is the job's own bound: 1 where workers would share one GPU. Raises the EvenweaveError that a
        worker raised, WorkerLostError where one died, and what the engine itself raises of any other failure.
        """

    def progress(self, console: Console, title: str, watched: WatchedFiles | None) -> StageProgress:
        """Shows, while the job runs within it, how far it has come: as a rule, which files have appeared."""
        return StageProgress(console, title, watched)

    def prepare(self, job: str) -> None:  # noqa: B027 (most have nothing to prepare)
        """``job``, a module of :mod:`pipelines`, will be run soon, and this process is busy with other things."""
