"""The export job: selection and raw shards → balanced shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import apache_beam as beam

from pipelines.engine.runner import run_job
from pipelines.engine.settings import RunnerSettings
from transforms.exporting.beam import ExportShards
from transforms.exporting.card import write_card
from transforms.exporting.settings import ExportSettings
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder


def run(
    folder: RunFolder,
    shards: Sequence[InputShard],
    sources: Mapping[str, SourceSettings],
    settings: ExportSettings,
    runner: RunnerSettings,
    beam_flags: list[str],
) -> None:
    """Write ``shards/``. The card says nothing of measures yet: whoever makes the report writes it again with them."""

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Export" >> ExportShards(folder, shards, sources, settings)

    run_job(build, runner, beam_flags)
    write_card(folder, sources)
