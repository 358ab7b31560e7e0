"""Job: sources → rows of one schema, texts as they were found."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.beam import WriteStageCounts
from transforms.instruct.chain.standardised_files import standardise_part
from transforms.instruct.reading.inputs import InstructPart
from transforms.rejects import Counts
from transforms.stages import STANDARDISE


def stage_job(run: InstructRun) -> StageJob:
    folder, sources, parts = run.folder, run.sources, run.inputs

    def standardise(part: InstructPart) -> Counts:
        return standardise_part(folder, part, sources[part.source])

    def build(pipeline: beam.Pipeline) -> None:
        counts = pipeline | "Parts" >> beam.Create(parts) | "Standardise" >> beam.Map(standardise)
        _ = counts | WriteStageCounts(folder.counts(STANDARDISE.name))

    watched = WatchedFiles(folder.root / STANDARDISE.writes[0], ".parquet", len(parts))
    return StageJob(lambda: run.engine.run(build), watched)
