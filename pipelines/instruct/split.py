"""Job: rows → which are held out."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.instruct.each_part import each_part_job
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.rows import Row
from transforms.instruct.splitting.holding_out import hold_out
from transforms.stages import SPLIT


def stage_job(run: InstructRun) -> StageJob:
    settings, seed = run.settings.split, run.settings.seed

    def judge(rows: Sequence[Row]) -> Outcome:
        return hold_out(rows, settings, seed)

    return each_part_job(run, SPLIT, judge)
