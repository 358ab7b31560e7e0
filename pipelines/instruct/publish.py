"""Job: rows that were drawn → the mixture as trainers read it, with its card and ledger."""

from __future__ import annotations

import apache_beam as beam

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.publishing.beam import Publish
from transforms.instruct.publishing.block import Publication
from transforms.instruct.publishing.finishing import About
from transforms.instruct.publishing.shards import ENDINGS
from transforms.storage import StoragePath


def stage_job(run: InstructRun) -> StageJob:
    settings = run.settings.publish
    publication = Publication(run.folder, settings, run.settings.seed)
    about = About(tuple(run.settings.sources), run.settings.mix)
    parts = run.part_names

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Publish" >> Publish(publication, parts, about)

    def mebibytes(path: StoragePath) -> int:
        return path.size_bytes() >> 20

    watched = WatchedFiles(run.folder.mixture, ENDINGS[settings.formats[0]], amount_of=mebibytes, unit="MiB")
    return StageJob(lambda: run.engine.run(build), watched)
