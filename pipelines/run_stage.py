"""One stage of a run, whichever: done already, or run by its job, checked, and entered in run.json."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.engine.engine import Engine
from pipelines.engine.progress import WatchedFiles
from transforms.errors import EvenweaveError
from transforms.rejects import Counts
from transforms.run_folder import RunState
from transforms.stages import Stage, giver_to
from transforms.verifying.listing import reject_files

_LOG = logging.getLogger("evenweave")  # what --log-file keeps


@dataclass(frozen=True)
class StageJob:
    """What a stage has to do in one run.

    ``run`` returns the counts, or None where a Beam job left them in the run folder. ``figures`` are what run.json
    keeps beside the counts, asked for when the stage has passed, and ``remark`` is what is said of them. ``hint`` says
    what else the user should know of the counts, which may not pass; None: nothing.
    """

    run: Callable[[], Counts | None]
    watched: WatchedFiles | None = None
    figures: Callable[[], Mapping[str, Any]] = dict
    hint: Callable[[Counts], str | None] = lambda _: None
    remark: Callable[[Mapping[str, Any]], str | None] = lambda _: None


@dataclass(frozen=True)
class StageRunner:
    """Runs the stages of one run, one after the other."""

    state: RunState
    engine: Engine
    console: Console
    max_reject_share: float  # of a stage whose rejects are bounded

    def run_stage(
        self, stage: Stage, find_job: Callable[[], StageJob], tell: Callable[[Counts, str], None] | None = None
    ) -> None:
        """``find_job`` is called only where there is something to do; ``tell`` says what came of it, and how it came
        to be done (None: in a line).

        Raises EvenweaveError where rows were lost, too many rejected, or not all taken in that were handed over.
        """
        tell = tell or (lambda counts, how: self._say(stage, counts, how))
        if self.state.is_done(stage.name):
            tell(self.state.counts(stage.name), "done before")
            return
        job = find_job()
        if stage in self.state.begun:  # and broken off: what its writers left
            self.state.folder.root.remove_partials()
        self.state.begin(stage.name)
        started = time.monotonic()
        with self.engine.progress(self.console, stage.name, job.watched):
            counts = job.run()
            if counts is None:
                counts = self._take_counts(stage)
        self._check_rejects(stage, counts, job.hint(counts))
        self._check_handover(stage, counts)
        self.state.folder.elements.remove()
        files = len(reject_files(self.state.folder, stage))
        figures = job.figures()
        self.state.finish(stage.name, counts, reject_files=files, **figures)
        self._remark(stage, job.remark(figures))
        tell(counts, f"{time.monotonic() - started:.1f} s")

    def _take_counts(self, stage: Stage) -> Counts:
        """The counts that a Beam job left."""
        folder = self.state.folder
        counts = folder.read_stage_counts(stage.name)
        folder.counts(stage.name).delete()
        return counts

    def _check_rejects(self, stage: Stage, counts: Counts, hint: str | None) -> None:
        try:
            counts.check(stage.name, self.max_reject_share if stage.rejects_are_bounded else 1.0)
        except EvenweaveError as error:
            raise EvenweaveError(f"{error}\n{hint}" if hint else str(error)) from None
        self._remark(stage, hint)

    def _remark(self, stage: Stage, text: str | None) -> None:
        if text:
            self.console.print(Text.assemble((f"{stage.name}:", "yellow"), f" {text}"), soft_wrap=True)

    def _check_handover(self, stage: Stage, counts: Counts) -> None:
        """What a stage takes in is what the one before it gave out."""
        giver = giver_to(stage, self.state.is_done)
        if giver is None or not stage.takes_all_of(giver):
            return
        handed_over = self.state.counts(giver.name).rows_out
        if handed_over != counts.rows_in:
            raise EvenweaveError(
                f"{stage.name} took in {counts.rows_in} rows, but {giver.name} gave out {handed_over} by "
                f"{self.state.folder.run_json}: what lies in {self.state.folder.root} is not what was counted then. "
                "Run again into a new output folder."
            )

    def _say(self, stage: Stage, counts: Counts, how: str) -> None:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.rejects.items())
        _LOG.info("%s: %d in, %d out (%s) %s", stage.name, counts.rows_in, counts.rows_out, how, reasons)
        self.console.print(
            Text.assemble(
                ("✓", "green"),
                f" {stage.name:<12} {counts.rows_in:>10,} in  {counts.rows_out:>10,} out  ",
                f"{counts.rejected:>9,} rejected  ",
                f"{counts.made:,} made  " if counts.made else "",
                (f"{how}{'  ' + reasons if reasons else ''}", "dim"),
            ),
            soft_wrap=True,
        )
