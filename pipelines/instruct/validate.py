"""Job: rows that are not what they should be, and turns that are not."""

from __future__ import annotations

import functools

from pipelines.instruct.each_part import each_part_job
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.settings import AUTO
from transforms.instruct.validating.judging import judge_rows
from transforms.stages import VALIDATE


def stage_job(run: InstructRun) -> StageJob:
    declared = declared_languages(run)
    return each_part_job(
        run, VALIDATE, functools.partial(judge_rows, settings=run.settings.validate_, declared=declared)
    )


def declared_languages(run: InstructRun) -> dict[str, str]:
    """Of the sources that say theirs."""
    return {name: source.language for name, source in run.sources.items() if source.language not in (None, AUTO)}
