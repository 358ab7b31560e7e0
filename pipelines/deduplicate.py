"""Job: annotations → rejects/deduplicate, the copies that later steps leave out."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.runner import run_job
from pipelines.engine.settings import RunnerSettings
from transforms.datasets import ShardName
from transforms.deduplicating.beam import Deduplicate
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.run_folder import RunFolder


def run(
    folder: RunFolder,
    shards: list[ShardName],
    settings: DeduplicateSettings,
    runner: RunnerSettings,
    beam_flags: list[str],
) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        pipeline | "Shards" >> beam.Create(list(enumerate(shards))) | Deduplicate(folder, settings)

    run_job(build, runner, beam_flags)
