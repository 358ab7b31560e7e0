"""The job of a stage that asks a model: the driver asks until all replies are there, then workers judge part by part.

One process asks, so that concurrency and ceilings hold for all of a run; what workers do needs the cache alone.
"""

from __future__ import annotations

from collections.abc import Callable

import apache_beam as beam
from rich.text import Text

from pipelines.engine.choice import beside_the_cache
from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.asking.asker import Asked
from transforms.instruct.asking.desk import Desk, cache_folder
from transforms.instruct.asking.parts import AskedParts, verdicts
from transforms.instruct.asking.section import AskedStage
from transforms.instruct.asking.settings import ServerSettings
from transforms.instruct.chain.beam import EachPart
from transforms.rejects import Counts
from transforms.stages import GUARD_AGAIN, Stage


def server_of(run: InstructRun, stage: Stage) -> ServerSettings:
    return run.settings.servers[run.settings.server_of(stage.name)]


def asked_job(run: InstructRun, stage: Stage, asked: AskedStage) -> StageJob:
    def work() -> None:
        parts = asked_parts(run, stage, asked)
        with Desk.open(run.settings.asking, run.folder.root) as desk:
            found = desk.ask(stage.name, server_of(run, stage), parts.requests(run.part_names))
            say(run, stage, desk, found)
        judge(run, stage, parts)

    return _job(run, stage, work)


def asked_parts(run: InstructRun, stage: Stage, asked: AskedStage) -> AskedParts:
    cache = cache_folder(run.settings.asking, run.folder.root)
    return AskedParts(run.folder, stage.name, asked, cache, written_only=stage is GUARD_AGAIN)


def judge(run: InstructRun, stage: Stage, parts: AskedParts) -> None:
    """Leaves the counts of the stage in the run folder."""
    names, folder, work = run.part_names, run.folder, parts.judge

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(names) | EachPart(folder, stage.name, work)

    beside_the_cache(run.engine, run.settings.runner).run(build)


def say(run: InstructRun, stage: Stage, desk: Desk, found: Asked) -> None:
    """What was asked, and what all that was ever asked with this cache has cost."""
    run.console.print(Text(desk.told(stage.name, found)), soft_wrap=True)


def _job(run: InstructRun, stage: Stage, work: Callable[[], None]) -> StageJob:
    watched = WatchedFiles(run.folder.root / str(stage.each_shard), ".parquet", len(run.part_names))
    return StageJob(work, watched, hint=lambda counts: refused(run, stage, counts))


def refused(run: InstructRun, stage: Stage, _: Counts) -> str | None:
    """Replies that were not taken, by the reason."""
    told = {name: count for name, count in verdicts(run.folder, stage.name, run.part_names).items() if name != "kept"}
    if not told:
        return None
    return "texts that keep their original: " + ", ".join(f"{name} {count:,}" for name, count in told.items())
