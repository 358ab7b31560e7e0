"""Job: rows → facts with the category of each."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from pipelines.instruct.each_part import each_part_job
from pipelines.instruct.run import InstructRun
from pipelines.run_stage import StageJob
from transforms.instruct.categorising.judging import categorise
from transforms.instruct.categorising.rules import RuleBook, read_rules
from transforms.instruct.categorising.settings import CategoriseSettings
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.rows import Row
from transforms.stages import CATEGORISE
from transforms.storage import StoragePath


def stage_job(run: InstructRun) -> StageJob:
    return each_part_job(run, CATEGORISE, functools.partial(_judge, run.settings.categorise))


def _judge(settings: CategoriseSettings, rows: Sequence[Row]) -> Outcome:
    rules = _rules(settings.rule_file)
    return categorise(rows, rules, settings.sources, settings.with_media, settings.without_media)


@functools.lru_cache(1)
def _rules(path: StoragePath) -> RuleBook:
    """Once a worker."""
    return read_rules(path)
