"""Job: raw shards → annotations, the concepts of each image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import apache_beam as beam

from pipelines.build_run import BuildRun
from pipelines.engine.engine import Engine
from pipelines.engine.progress import WatchedFiles
from pipelines.reuse import Reused
from pipelines.run_stage import StageJob
from transforms.annotating.beam import Annotate, ShardToAnnotate, encoder_times
from transforms.annotating.busy_time import Times
from transforms.annotating.embedding_files import part_name
from transforms.annotating.encoder import most_workers
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.beam import CreateMany
from transforms.datasets import ShardName, read_counts
from transforms.images.decode import DecodeSettings
from transforms.reading.checks import hint
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder
from transforms.stages import ANNOTATE
from transforms.storage import StoragePath

WORKERS_IMPORT = ("open_clip",)  # ahead of the fork; the driver does not need it


def run(
    folder: RunFolder,
    shards: list[InputShard],
    sources: list[SourceSettings],
    encoder: EncoderSettings,
    retrieval: RetrievalSettings,
    decode: DecodeSettings,
    engine: Engine,
    reused: Reused | None = None,
) -> None:
    """``reused``: another run, of whose shards some are taken over."""
    found = [
        ShardToAnnotate(
            shard, part_name(number, len(shards)), _maker(shard, reused), reused is None or reused.same_vocabulary
        )
        for number, shard in enumerate(shards)
    ]

    def build(pipeline: beam.Pipeline) -> None:
        by_name = {source.name: source for source in sources}
        annotate = Annotate(folder, by_name, encoder, retrieval, decode, engine.resource_hints(ANNOTATE.name))
        pipeline | "Shards" >> CreateMany(folder, found) | annotate

    engine.run(build, max_workers=most_workers())


def _maker(shard: InputShard, reused: Reused | None) -> RunFolder | None:
    return reused.folder if reused and ShardName(shard.source, shard.name) in reused.shards else None


def stage_job(build: BuildRun) -> StageJob:
    folder, settings = build.folder, build.settings

    def rows(path: StoragePath) -> int:
        return read_counts(path, folder.fingerprint).rows_in

    def work() -> None:
        steps = (settings.encoder, settings.retrieval, settings.decode)
        run(folder, build.inputs, settings.sources, *steps, build.engine, build.reused)

    watched = WatchedFiles(folder.root / "annotations", ".parquet", len(build.inputs), rows, "images")
    formats = {source.format for source in settings.sources}
    return StageJob(
        work, watched, partial(_take_encoder_figures, folder), lambda counts: hint(counts, formats), _of_idleness
    )


def _take_encoder_figures(folder: RunFolder) -> dict[str, Any]:
    """What run.json keeps of the time of GPUs, in the job that has ended. Of cores nothing: they decode as well, and
    run.json of runs on them is the same bytes each time."""
    path = encoder_times(folder)
    if not path.exists():
        return {}
    times = Times(**json.loads(path.read_bytes()))
    path.delete()
    return {"encoder": {**asdict(times), "idle_share": times.idle_share}} if times.device == "cuda" else {}


def _of_idleness(figures: Mapping[str, Any]) -> str | None:
    if "encoder" not in figures:
        return None
    return f"the encoder was idle {figures['encoder']['idle_share']:.0%} of the time, waiting for images or for others"
