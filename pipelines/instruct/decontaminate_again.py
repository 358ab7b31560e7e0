"""Job: what a model wrote is compared with the benchmarks once more."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.instruct.again import each_written_part
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.decontaminating.files import open_index
from transforms.instruct.decontaminating.judging import Judge
from transforms.instruct.rows import Row
from transforms.stages import DECONTAMINATE_AGAIN


def stage_job(run: InstructRun) -> StageJob:
    folder, settings = run.folder, run.settings.decontaminate

    def judge(rows: Sequence[Row]) -> Outcome:
        """By the fingerprints of benchmarks that the first time has left."""
        if not settings.benchmarks:
            return Outcome()
        judging = Judge(open_index(folder, settings), settings)
        findings = judging(rows)
        return judging.outcome(findings) if findings else Outcome()

    return each_written_part(run, DECONTAMINATE_AGAIN, judge)
