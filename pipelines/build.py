"""The chain: raw shards → annotations → duplicates out → balanced selection → WebDataset shards.

Each stage is run by the job of its name; this module decides what is left to do, and in which order.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Sequence

from rich.text import Text

from pipelines.build_run import BuildRun
from pipelines.input_versions import settle_inputs
from pipelines.run_stage import StageJob, StageRunner
from transforms.errors import EvenweaveError
from transforms.stages import ANNOTATE, CHAIN, VOCABULARY, Stage
from transforms.verifying.listing import check_presence


def build(run: BuildRun, stages: Sequence[Stage] = CHAIN) -> None:
    """Run those of ``stages`` that are not done, in the order of the flow; raises where an earlier one is missing."""
    if run.is_begun:
        _look_at_what_is_there(run)
    if {VOCABULARY, ANNOTATE} & set(stages) and not run.is_annotated:
        _check_before_work(run)
        if {VOCABULARY, ANNOTATE} <= set(stages):
            run.engine.prepare(job_module(ANNOTATE))  # meanwhile this process looks at what is there, and imports Beam
        _check_encoder(run)
    if not run.is_begun:
        _look_at_what_is_there(run)
    runner = StageRunner(run.state, run.engine, run.console, run.settings.max_reject_share)
    for stage in CHAIN:
        if stage in stages and not run.leaves_out(stage):
            _check_order(run, stage)
            runner.run_stage(stage, functools.partial(_find_job, stage, run))


def _look_at_what_is_there(run: BuildRun) -> None:
    """Inputs against those that were read, and what was made before; begins the run where that is not so."""
    settle_inputs(run.state, run.annotated_inputs, run.accept_changed, run.console)
    check_presence(run.state, run.shard_names)


def job_module(stage: Stage) -> str:
    return f"pipelines.{stage.name}"


def _check_before_work(run: BuildRun) -> None:
    """What would end the run later: vocabulary, inputs and sizes that cannot serve, and a mixture of libraries."""
    from transforms.annotating.faiss_library import clobbered
    from transforms.annotating.imported_embeddings import list_parts
    from transforms.annotating.word_lists import check_vocabulary, read_word_list
    from transforms.balancing.target import check_target
    from transforms.filtering.checks import check_filter
    from transforms.reading.checks import check_inputs, most_samples

    settings = run.settings
    check_inputs(run.inputs, run.sources)
    for source in settings.sources:
        if source.embeddings is not None:
            list_parts(source.name, source.embeddings)
    check_vocabulary(settings.vocabulary, settings.retrieval, settings.encoder.languages)
    check_filter(settings.filter, run.sources)
    check_target(settings.balance, lambda: read_word_list(settings.vocabulary.path).table)
    settings.balance.check_size(most_samples(run.inputs))
    if warning := clobbered():
        run.console.print(Text.assemble(("faiss:", "yellow"), f" {warning}"), soft_wrap=True)


def _check_encoder(run: BuildRun) -> None:
    """Apart from the other checks, as it imports torch, which the workers may do meanwhile."""
    from transforms.annotating.encoder import check_encoder

    check_encoder(run.settings.encoder)
    run.engine.check_encoder(run.settings.encoder)


def _find_job(stage: Stage, run: BuildRun) -> StageJob:
    """Imported only now: a stage that is done needs neither Beam nor torch."""
    job: StageJob = importlib.import_module(job_module(stage)).stage_job(run)
    return job


def _check_order(run: BuildRun, stage: Stage) -> None:
    for earlier in CHAIN[: CHAIN.index(stage)]:
        if not run.leaves_out(earlier) and not run.state.is_done(earlier.name):
            raise EvenweaveError(f"{stage.name} needs {earlier.name} to be done first: evenweave {earlier.name} CONFIG")
