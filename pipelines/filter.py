"""Job: annotations → rejects/filter, the rows that a rule of the configuration refuses."""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam
from rich.console import Console
from rich.table import Table

from pipelines.build_run import BuildRun
from pipelines.engine.engine import Engine
from pipelines.run_stage import StageJob
from transforms.beam import CreateMany
from transforms.datasets import ShardName
from transforms.filtering.beam import Filter
from transforms.filtering.blocked_words import read_blocked_words
from transforms.filtering.settings import FilterSettings
from transforms.filtering.trial import Trial, try_rules
from transforms.run_folder import RunFolder


def run(
    folder: RunFolder, shards: list[ShardName], settings: FilterSettings, blocked: Sequence[str], engine: Engine
) -> None:
    """``blocked``: what the list of blocked words holds; empty where there is none."""

    def build(pipeline: beam.Pipeline) -> None:
        pipeline | "Shards" >> CreateMany(folder, list(enumerate(shards))) | Filter(folder, settings, blocked)

    engine.run(build)


def stage_job(build: BuildRun) -> StageJob:
    settings = build.settings.filter
    blocked = _blocked(settings)
    return StageJob(lambda: run(build.folder, build.shard_names, settings, blocked, build.engine))


def try_out(build: BuildRun) -> None:
    """Print what the rules would drop of the annotations in the output folder, whatever rules it was begun with."""
    settings = build.settings.filter
    trial = try_rules(build.annotated_by_like_settings(), build.shard_names, settings, _blocked(settings))
    _print(trial, build.console)


def _blocked(settings: FilterSettings) -> tuple[str, ...]:
    return () if settings.blocked_words is None else read_blocked_words(settings.blocked_words)


def _print(trial: Trial, console: Console) -> None:
    table = Table(title="What the rules would drop", title_justify="left", title_style="bold")
    for name in ("rule", "reason"):
        table.add_column(name)
    for name in ("alone", "share", "as the first"):
        table.add_column(name, justify="right")
    for rule in trial.rules:
        share = f"{_share(rule.alone, trial.rows):.1%}"
        table.add_row(rule.setting, rule.reason.replace("_", " "), f"{rule.alone:,}", share, f"{rule.first:,}")
    console.print(table)
    left = trial.rows - trial.dropped
    share = f"{_share(trial.dropped, trial.rows):.1%}"
    line = f"all together: {trial.dropped:,} of {trial.rows:,} would go ({share}), {left:,} would stay"
    console.print(line, soft_wrap=True)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
