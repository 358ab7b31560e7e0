"""The whole build, by stage: rows that flow, lines of usage carried on to them, and money.

docs/running.md has the formulas in one place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from transforms.planning.prices import Prices, cost_of_calls, cost_of_hours, cost_of_shuffle, cost_of_storage
from transforms.planning.usage import Line
from transforms.stages import ANNOTATE, DEDUPLICATE, EXPORT, FILTER, VOCABULARY


@dataclass(frozen=True)
class Input:
    """What is to be read: ``images`` in ``shards`` of ``size_bytes`` in all, of which ``selected`` are exported, so
    many in each shard that is written."""

    shards: int
    images: float
    size_bytes: int
    selected: int
    selected_per_shard: int
    is_remote: bool = False


@dataclass(frozen=True)
class Measured:
    """Of samples: a line a stage, and the share of the rows of each stage that leave it."""

    lines: Mapping[str, Line]
    kept: Mapping[str, float]
    shards: int  # of the larger sample
    concepts: int
    encodes_on_gpu: bool


@dataclass(frozen=True)
class StageEstimate:
    stage: str
    rows: float
    cpu_hours: float
    gpu_hours: float
    read_bytes: float
    stored_bytes: float
    shuffled_bytes: float
    read_calls: float
    write_calls: float
    cost: float


def estimate(found: Input, measured: Measured, prices: Prices) -> list[StageEstimate]:
    """By stage, in the order of ``measured``."""
    estimates, rows = [], found.images
    for stage, line in measured.lines.items():
        taken = {EXPORT.name: float(found.selected), VOCABULARY.name: float(measured.concepts)}.get(stage, rows)
        estimates.append(_of_stage(stage, taken, line, found, measured, prices))
        if stage in (ANNOTATE.name, FILTER.name, DEDUPLICATE.name):
            rows *= measured.kept[stage]
    return estimates


def _of_stage(stage: str, rows: float, line: Line, found: Input, measured: Measured, prices: Prices) -> StageEstimate:
    used = line.at(rows)
    cpu_hours, gpu_hours = _hours(stage, rows, used.cpu_secs, measured, prices)
    read = _read_bytes(stage, rows, used.read_bytes, found)
    files = _files(stage, line.fixed.files, found, measured)
    read_calls = max(read / prices.bytes_per_read_call, float(found.shards))
    write_calls = files * prices.write_calls_per_file
    cost = (
        cost_of_hours(prices, cpu_hours, gpu_hours)
        + cost_of_shuffle(prices, used.shuffled_bytes)
        + cost_of_calls(prices, read_calls, write_calls)
    )
    return StageEstimate(
        stage, rows, cpu_hours, gpu_hours, read, used.stored_bytes, used.shuffled_bytes, read_calls, write_calls, cost
    )


def _hours(stage: str, rows: float, cpu_secs: float, measured: Measured, prices: Prices) -> tuple[float, float]:
    """Of cores and GPUs. A GPU is paid as long as it encodes, and the cores beside it as long."""
    if stage == ANNOTATE.name and prices.gpu_images_per_sec is not None:
        gpu_hours = rows / prices.gpu_images_per_sec / 3600
        return gpu_hours * prices.cores_per_gpu, gpu_hours
    hours = cpu_secs / 3600
    on_gpu = stage == ANNOTATE.name and measured.encodes_on_gpu
    return hours, hours if on_gpu else 0.0


def _read_bytes(stage: str, rows: float, measured_bytes: float, found: Input) -> float:
    """Annotate reads all of the input, and export the images that were selected; the rest is as measured on files of
    this machine, where sources elsewhere were not counted."""
    if stage == ANNOTATE.name:
        return float(found.size_bytes)
    if stage == EXPORT.name and found.is_remote:
        return measured_bytes + rows * found.size_bytes / max(found.images, 1.0)
    return measured_bytes


def _files(stage: str, in_sample: float, found: Input, measured: Measured) -> float:
    """As many a shard of the input as in the sample; of the export, one for each shard that is written."""
    if stage == EXPORT.name:
        return in_sample + math.ceil(found.selected / found.selected_per_shard)
    if stage == VOCABULARY.name:
        return in_sample
    return in_sample * found.shards / max(measured.shards, 1)


def stored_cost(estimates: list[StageEstimate], prices: Prices) -> float:
    """A month of all that the build leaves."""
    return cost_of_storage(prices, sum(one.stored_bytes for one in estimates))
