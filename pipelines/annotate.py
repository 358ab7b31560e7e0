"""Job: raw shards → annotations, the concepts of each image."""

from __future__ import annotations

import apache_beam as beam
import torch

from pipelines.engine.runner import run_job
from pipelines.engine.settings import RunnerSettings
from transforms.annotating.beam import Annotate
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder


def run(
    folder: RunFolder,
    shards: list[InputShard],
    sources: list[SourceSettings],
    encoder: EncoderSettings,
    retrieval: RetrievalSettings,
    decode: DecodeSettings,
    runner: RunnerSettings,
    beam_flags: list[str],
    reused: RunFolder | None = None,
) -> None:
    """``reused``: another run whose annotations are taken over, made by the same settings from the same input."""

    def build(pipeline: beam.Pipeline) -> None:
        by_name = {source.name: source for source in sources}
        pipeline | "Shards" >> beam.Create(shards) | Annotate(folder, by_name, encoder, retrieval, decode, reused)

    # a worker a GPU; where several processes would share one, each would only wait for it
    run_job(build, runner, beam_flags, max_workers=torch.cuda.device_count() or None)
