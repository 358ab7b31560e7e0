"""The chain: sources of instructions → rows → one clean mixture. Which stages are left to do, and in which order."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import itertools
from collections.abc import Callable, Iterable

from rich.text import Text

from pipelines.input_versions import settle_inputs
from pipelines.instruct.run import InstructRun
from pipelines.instruct.servers import check_servers
from pipelines.run_stage import StageJob, StageRunner
from transforms.errors import ConfigError
from transforms.instruct.chain.changed_inputs import StandardisedInputs
from transforms.stages import STANDARDISE, Stage
from transforms.verifying.listing import check_presence

_LOOKED_AT = 2_000  # records of each source, before any work


def instruct(run: InstructRun) -> None:
    """Run the stages that are not done. Raises, before any work, for settings and sources that cannot lead anywhere."""
    _begin(run, check_servers)
    _run_stages(run, run.stages())
    _say_what_came_of_it(run)


def plan_asking(run: InstructRun) -> None:
    """Run the stages before the first that asks a model, and say what asking would take: no server is needed."""
    from pipelines.instruct.plan import first_asking, plan, say

    _begin(run, lambda _: None)
    first = first_asking(run)
    if first is None:
        raise ConfigError("--plan: stages names none that asks a model")
    before = list(itertools.takewhile(lambda stage: stage.name != first.name, run.stages()))
    _run_stages(run, before)
    say(run, plan(run, run.state.counts(before[-1].name).rows_out))


def _begin(run: InstructRun, look: Callable[[InstructRun], None]) -> None:
    """``look``: at what else there has to be, before any work."""
    run.draw()
    run.settings.check()
    look(run)
    if not run.is_begun:  # a run that is yet to begin gets no run.json here, as a source may be refused
        _check_sources(run)
    first = dataclasses.replace(run.folder, fingerprint=run.folder.fingerprints[STANDARDISE.name])
    settle_inputs(run.state, StandardisedInputs(first, run.inputs, run.sources), run.accept_changed, run.console)
    check_presence(run.state, run.part_names)


def _run_stages(run: InstructRun, stages: Iterable[Stage]) -> None:
    runner = StageRunner(run.state, run.engine, run.console, run.settings.max_reject_share)
    for stage in stages:
        runner.run_stage(stage, functools.partial(_find_job, stage, run))
        if stage.name == STANDARDISE.name:  # now it is known how many rows there are at most
            run.settings.mix.check_size(run.state.counts(stage.name).rows_out)


def _say_what_came_of_it(run: InstructRun) -> None:
    from pipelines.instruct.certify import certify
    from pipelines.instruct.report import write_report
    from pipelines.instruct.translate_canaries import translate_canaries

    certify(run)
    translate_canaries(run)
    write_report(run)


def _check_sources(run: InstructRun) -> None:
    """Adapters that match nothing, and boxes of which nobody says how they are written."""
    from transforms.instruct.inspection import check_coordinates, check_readable, inspect

    with run.console.status(Text("looking at the sources")):
        for source in run.settings.sources:
            found = inspect(source, _LOOKED_AT)
            check_readable(found)
            check_coordinates(found)


def _find_job(stage: Stage, run: InstructRun) -> StageJob:
    """Imported only now: a stage that is done needs no Beam."""
    job: StageJob = importlib.import_module(f"pipelines.instruct.{stage.name}").stage_job(run)
    return job
