"""The chain: raw shards → annotations → duplicates out → balanced selection → WebDataset shards.

Each stage is run by the job of its name; this module decides what is left to do, and in which order.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence

from rich.markup import escape

from pipelines.build_run import BuildRun
from pipelines.input_versions import settle_inputs
from pipelines.run_stage import StageJob, StageRunner
from transforms.annotating.faiss_library import clobbered
from transforms.errors import EvenweaveError
from transforms.stages import ANNOTATE, CHAIN, VOCABULARY, Stage
from transforms.verifying.listing import check_presence


def build(run: BuildRun, stages: Sequence[Stage] = CHAIN) -> None:
    """Run those of ``stages`` that are not done, in the order of the flow; raises where an earlier one is missing."""
    settle_inputs(run.record, run.inputs, run.sources, run.accept_changed)
    check_presence(run.record, run.shard_names)
    runner = StageRunner(run.record, run.engine, run.console, run.settings.max_reject_share)
    if {VOCABULARY, ANNOTATE} <= set(stages) and not run.record.is_done(ANNOTATE.name):
        run.engine.prepare(job_module(ANNOTATE))  # while this process embeds the vocabulary
    if {VOCABULARY, ANNOTATE} & set(stages) and not run.record.is_done(ANNOTATE.name):
        _look_at_faiss(run)
    for stage in CHAIN:
        if stage in stages:
            _check_order(run, stage)
            runner.run_stage(stage, functools.partial(_find_job, stage, run))


def job_module(stage: Stage) -> str:
    return f"pipelines.{stage.name}"


def _look_at_faiss(run: BuildRun) -> None:
    if warning := clobbered():
        run.console.print(f"[yellow]faiss:[/] {escape(warning)}", highlight=False, soft_wrap=True)


def _find_job(stage: Stage, run: BuildRun) -> StageJob:
    """Imported only now: a stage that is done needs neither Beam nor torch."""
    job: StageJob = importlib.import_module(job_module(stage)).stage_job(run)
    return job


def _check_order(run: BuildRun, stage: Stage) -> None:
    for earlier in CHAIN[: CHAIN.index(stage)]:
        if not run.record.is_done(earlier.name):
            raise EvenweaveError(f"{stage.name} needs {earlier.name} to be done first: evenweave {earlier.name} CONFIG")
