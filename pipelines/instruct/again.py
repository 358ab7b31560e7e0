"""The job of a gate that looks once more, at rows of which a model wrote something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.datasets import ShardName
from transforms.instruct.chain.again import written_keys
from transforms.instruct.chain.beam import EachPart
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.chain.part_files import done_before, read_rows, write_outcome
from transforms.instruct.rows import Row
from transforms.rejects import Counts
from transforms.stages import Stage


def each_written_part(run: InstructRun, stage: Stage, judge: Callable[[Sequence[Row]], Outcome]) -> StageJob:
    """``judge`` sees the rows of one part that a model wrote in; the others go on as they are."""
    folder, name, parts = run.folder, stage.name, run.part_names

    def work(part: ShardName) -> Counts:
        counts = done_before(folder, name, part)
        if counts is not None:
            return counts
        rows = read_rows(folder, part, name)
        written = written_keys(folder, part, name)
        outcome = judge([row for row in rows if row.key in written]) if written else Outcome()
        return write_outcome(folder, name, part, [row.key for row in rows], outcome)

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(parts) | EachPart(folder, name, work)

    watched = WatchedFiles(folder.root / str(stage.each_shard), ".parquet", len(parts))
    return StageJob(lambda: run.engine.run(build), watched)
