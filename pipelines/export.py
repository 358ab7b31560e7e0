"""The export job: selection and raw shards → balanced shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import apache_beam as beam

from pipelines.build_run import BuildRun
from pipelines.engine.engine import Engine
from pipelines.engine.progress import WatchedFiles
from pipelines.run_stage import StageJob
from transforms.beam import CreateMany
from transforms.datasets import ShardName
from transforms.exporting.beam import ExportShards, WriteIndex
from transforms.exporting.card import write_card
from transforms.exporting.croissant import write_croissant
from transforms.exporting.manifest import ShardStats, read_manifest
from transforms.exporting.settings import ExportSettings
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


def run(
    folder: RunFolder,
    shards: Sequence[InputShard],
    sources: Mapping[str, SourceSettings],
    settings: ExportSettings,
    engine: Engine,
) -> None:
    """Write ``shards/``, with what describes them.

    The card says nothing of measures yet: whoever makes the report writes it again with them.
    """

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Export" >> ExportShards(folder, shards, sources, settings)

    engine.run(build)
    stats = [ShardStats(**one) for one in read_manifest(folder.shards, folder.fingerprint)["shards"]]
    write_croissant(folder.shards, settings.name, stats, {name: source.license for name, source in sources.items()})
    write_card(folder, sources)


def run_index(folder: RunFolder, names: Sequence[ShardName], engine: Engine) -> None:
    """Write ``index/``, in place of shards."""

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Shards" >> CreateMany(folder, names) | "Index" >> WriteIndex(folder)

    engine.run(build)


def stage_job(build: BuildRun) -> StageJob:
    if build.settings.export.form == "index":
        watched = WatchedFiles(build.folder.root / "index", ".parquet", len(build.inputs))
        return StageJob(lambda: run_index(build.folder, build.shard_names, build.engine), watched)

    def mebibytes(path: StoragePath) -> int:
        return path.size_bytes() >> 20

    def work() -> None:
        run(build.folder, build.inputs, build.sources, build.settings.export, build.engine)

    return StageJob(work, WatchedFiles(build.folder.shards, ".tar", amount_of=mebibytes, unit="MiB"))
