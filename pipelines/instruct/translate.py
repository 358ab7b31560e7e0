"""Job: English and Chinese rows, as many of each as asked for."""

from __future__ import annotations

import functools

from pipelines.engine.progress import WatchedFiles
from pipelines.instruct.asked_job import asked_parts, judge, refused, say, server_of
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.datasets import ShardName
from transforms.instruct.asking.asker import Asked
from transforms.instruct.asking.desk import Desk
from transforms.instruct.asking.parts import AskedParts, reply_from
from transforms.instruct.chain.part_files import read_rows
from transforms.instruct.rewording.share import Taking, count, told_apart
from transforms.instruct.rewording.translating import Translating
from transforms.instruct.rows import Row
from transforms.stages import TRANSLATE


def stage_job(run: InstructRun) -> StageJob:
    settings, seed = run.settings.translate, run.settings.seed
    watched = WatchedFiles(run.folder.root / str(TRANSLATE.each_shard), ".parquet", len(run.part_names))

    def work() -> None:
        server = server_of(run, TRANSLATE)
        wanted = count(run.folder, run.part_names, settings, seed)

        def parts(above: int, below: int) -> AskedParts:
            stage = Translating(settings, server, seed, {wanted.language: below}, above)
            return asked_parts(run, TRANSLATE, stage)

        with Desk.open(run.settings.asking, run.folder.root) as desk:
            below = Taking(wanted, lambda first, end: _accepted(run, desk, parts(first, end)), settings.rounds).settle()
            say(run, TRANSLATE, desk, Asked())
        judge(run, TRANSLATE, parts(0, below))

    def languages() -> dict[str, dict[str, int]]:
        return {"languages": told_apart(run.folder, run.part_names)}

    return StageJob(work, watched, figures=languages, hint=lambda counts: refused(run, TRANSLATE, counts))


def _accepted(run: InstructRun, desk: Desk, parts: AskedParts) -> int:
    """Asks for the rows of one round, also of parts that are done, since how many more are taken hangs on all."""
    requests = (request for name in run.part_names for request in parts.asked.requests(_rows(run, name)))
    desk.ask(TRANSLATE.name, server_of(run, TRANSLATE), requests)
    replies = functools.partial(reply_from, parts.cache)
    return sum(len(parts.asked.judge(_rows(run, name), replies).facts) for name in run.part_names)


def _rows(run: InstructRun, name: ShardName) -> list[Row]:
    return read_rows(run.folder, name, TRANSLATE.name)
