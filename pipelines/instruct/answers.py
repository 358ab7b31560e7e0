"""Job: answers in one rendering, and what becomes of the thoughts before them."""

from __future__ import annotations

import functools

from pipelines.instruct.each_part import each_part_job
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.answers.normalising import normalise_rows
from transforms.stages import ANSWERS


def stage_job(run: InstructRun) -> StageJob:
    return each_part_job(run, ANSWERS, functools.partial(normalise_rows, settings=run.settings.answers))
