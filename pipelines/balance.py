"""balance: choose exactly N of the annotated images, so that their concepts are evenly spread."""

from __future__ import annotations

import apache_beam as beam

from pipelines.build_run import BuildRun
from pipelines.engine.engine import Engine
from pipelines.engine.progress import WatchedFiles
from pipelines.run_stage import StageJob
from transforms.balancing.beam import Balance
from transforms.balancing.certificate import read_certificate, warnings
from transforms.balancing.corpus_size import CorpusSize
from transforms.balancing.settings import BalanceSettings
from transforms.beam import CreateMany
from transforms.datasets import ShardName, read_counts
from transforms.rejects import Counts
from transforms.run_folder import RunFolder
from transforms.stages import BALANCE, VOCABULARY, giver_to
from transforms.storage import StoragePath


def run(
    folder: RunFolder,
    shards: list[ShardName],
    settings: BalanceSettings,
    n_concepts: int,
    engine: Engine,
    rows: int | None = None,
) -> None:
    """Annotations, less the rejects of earlier stages, of ``shards`` → selections, concepts.parquet, and the counts of
    the stage. ``rows``: how many they are, where that is known."""

    def build(pipeline: beam.Pipeline) -> None:
        names = pipeline | "Shards" >> CreateMany(folder, shards)
        _ = names | "Balance" >> Balance(folder, settings, n_concepts, CorpusSize(len(shards), rows))

    engine.run(build)


def stage_job(build: BuildRun) -> StageJob:
    folder = build.folder

    def rows(path: StoragePath) -> int:
        return read_counts(path, folder.fingerprint).rows_out

    def work() -> None:
        n_concepts = build.state.counts(VOCABULARY.name).rows_out
        giver = giver_to(BALANCE, build.state.is_done)
        rows = build.state.counts(giver.name).rows_out if giver is not None else None
        run(folder, build.shard_names, build.settings.balance, n_concepts, build.engine, rows)

    watched = WatchedFiles(folder.root / "selection", ".parquet", len(build.inputs), rows, "images")

    def hint(_: Counts) -> str | None:
        return "\n".join(warnings(read_certificate(folder))) or None

    return StageJob(work, watched, hint=hint)
