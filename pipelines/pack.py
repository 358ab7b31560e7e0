"""pack: documents of any source → packs of equal length, in the layout that a trainer reads."""

from __future__ import annotations

import math

import apache_beam as beam
from rich.console import Console

from pipelines.engine.engine import Engine
from pipelines.engine.progress import WatchedFiles
from pipelines.input_versions import settle_inputs
from pipelines.pack_settings import PackJobSettings
from pipelines.run_stage import StageJob, StageRunner
from transforms.configuration import fingerprint
from transforms.packing.inputs import group_inputs, list_inputs
from transforms.packing.job.beam import PackShards
from transforms.packing.job.changed_inputs import PackedInputs
from transforms.packing.job.groups import PackJob, load_chat
from transforms.packing.job.terminal import print_measures, read_tally
from transforms.packing.layouts.registry import LAYOUTS
from transforms.run_folder import RunFolder, RunState
from transforms.stages import PACK
from transforms.storage import StoragePath
from transforms.verifying.listing import check_presence


def run(
    settings: PackJobSettings, engine: Engine, console: Console | None = None, accept_changed: bool = False
) -> RunState:
    """Pack, or go on packing, into ``settings.output``; at once done when it is whole. Prints the pack report.

    ``accept_changed``: inputs that are not what was packed are packed again. Raises RunFolderError when the folder
    belongs to other settings or inputs, InputError where inputs of the same name and size have changed.
    """
    console = console or Console()
    inputs = [part for source in settings.sources for part in list_inputs(source, settings.shards.range_bytes)]
    listing = sorted((part.source, part.name, part.size_bytes) for part in inputs)
    identity = {
        "settings": settings.identity(),
        "inputs": {"parts": len(listing), "digest": fingerprint(listing)},
        "tokenizer": load_chat(settings.pack).fingerprint if LAYOUTS[settings.layout].packed else None,
    }
    folder = RunFolder(StoragePath.of(settings.output), fingerprint(identity))
    state = RunState.open(folder, settings.as_resolved(), identity)
    sources = {source.name: source for source in settings.sources}
    job = PackJob(folder, sources, settings.pack, settings.video, settings.layout, settings.shards)
    groups = group_inputs(inputs, settings.pack.group_shards, settings.pack.seed)
    settle_inputs(state, PackedInputs(job, groups), accept_changed, console)
    check_presence(state, None)

    def find_job() -> StageJob:
        def build(pipeline: beam.Pipeline) -> None:
            _ = pipeline | "Pack shards" >> PackShards(groups, job)

        watched = WatchedFiles(job.packed, LAYOUTS[settings.layout].ending)
        return StageJob(lambda: engine.run(build), watched, lambda: {"measures": _measures(job)})

    stages = StageRunner(state, engine, console, settings.max_reject_share)
    stages.run_stage(PACK, find_job, tell=lambda counts, _: print_measures(console, counts, job.packed))
    return state


def _measures(job: PackJob) -> dict[str, float | None]:
    """For run.json: None where a measure has no meaning, and nothing for documents that were not packed."""
    tally = read_tally(job.packed)
    measures = tally.measures() if tally else {}
    return {name: None if math.isnan(value) else value for name, value in measures.items()}
