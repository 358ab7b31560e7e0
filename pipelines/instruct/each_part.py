"""The job of a stage that looks at one part at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.datasets import ShardName
from transforms.instruct.chain.beam import EachPart
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.chain.part_files import judge_part
from transforms.instruct.rows import Row
from transforms.rejects import Counts
from transforms.stages import Stage


def each_part_job(run: InstructRun, stage: Stage, judge: Callable[[Sequence[Row]], Outcome]) -> StageJob:
    """``judge``: rows of one part, as the stages before left them → what the stage has to say of them. Pickled, so
    what is costly to make is made when it is first called."""
    folder, name, parts = run.folder, stage.name, run.part_names

    def work(part: ShardName) -> Counts:
        return judge_part(folder, name, part, judge)

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(parts) | EachPart(folder, name, work)

    watched = WatchedFiles(folder.root / str(stage.each_shard), ".parquet", len(parts))
    return StageJob(lambda: run.engine.run(build), watched)
