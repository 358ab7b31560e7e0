"""Job: annotations → rejects/deduplicate, the copies that later steps leave out."""

from __future__ import annotations

import apache_beam as beam

from pipelines.build_run import BuildRun
from pipelines.engine.engine import Engine
from pipelines.run_stage import StageJob
from transforms.datasets import ShardName
from transforms.deduplicating.beam import Deduplicate
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.run_folder import RunFolder


def run(folder: RunFolder, shards: list[ShardName], settings: DeduplicateSettings, engine: Engine) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        pipeline | "Shards" >> beam.Create(list(enumerate(shards))) | Deduplicate(folder, settings)

    engine.run(build)


def stage_job(build: BuildRun) -> StageJob:
    return StageJob(lambda: run(build.folder, build.shard_names, build.settings.deduplicate, build.engine))
