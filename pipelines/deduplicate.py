"""Job: annotations → rejects/deduplicate, the copies that later steps leave out."""

from __future__ import annotations

import apache_beam as beam

from pipelines.build_run import BuildRun
from pipelines.engine.engine import Engine
from pipelines.run_stage import StageJob
from transforms.deduplicating.beam import Deduplicate
from transforms.deduplicating.corpus_size import CorpusSize
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.run_folder import RunFolder
from transforms.stages import DEDUPLICATE, giver_to


def run(folder: RunFolder, size: CorpusSize, settings: DeduplicateSettings, engine: Engine) -> None:
    """The shards are those of the run's inputs.parquet."""
    partitions = size.partitions(settings)

    def build(pipeline: beam.Pipeline) -> None:
        pipeline | "Blocks" >> beam.Create(size.blocks(partitions)) | Deduplicate(folder, settings, partitions)

    engine.run(build)


def stage_job(build: BuildRun) -> StageJob:
    giver = giver_to(DEDUPLICATE, build.state.is_done)
    assert giver is not None
    size = CorpusSize(len(build.inputs), build.state.counts(giver.name).rows_out)
    return StageJob(lambda: run(build.folder, size, build.settings.deduplicate, build.engine))
