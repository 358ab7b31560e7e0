"""balance: choose exactly N of the annotated images, so that their concepts are evenly spread."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.runner import run_job
from pipelines.engine.settings import RunnerSettings
from transforms.balancing.beam import Balance
from transforms.balancing.settings import BalanceSettings
from transforms.datasets import ShardName
from transforms.run_folder import RunFolder


def run(
    folder: RunFolder,
    shards: list[ShardName],
    settings: BalanceSettings,
    n_concepts: int,
    runner: RunnerSettings,
    beam_flags: list[str],
) -> None:
    """Annotations, less the duplicates, of ``shards`` → selections, concepts.parquet, and the counts of the stage."""

    def build(pipeline: beam.Pipeline) -> None:
        names = pipeline | "Shards" >> beam.Create(shards)
        _ = names | "Balance" >> Balance(folder, settings, n_concepts)

    run_job(build, runner, beam_flags)
