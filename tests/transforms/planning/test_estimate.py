"""Rows flow as in the samples, and each stage is carried on to its own."""

from __future__ import annotations

import dataclasses

import pytest

from transforms.configuration import load_settings
from transforms.planning.estimate import Input, Measured, estimate, stored_cost
from transforms.planning.prices import Prices
from transforms.planning.usage import Line, Usage

PRICES = Prices(cpu_hour=1.0, gpu_hour=10.0, gb_month_stored=2.0, read_calls_10k=0.0, write_calls_10k=0.0)
EACH = Usage(cpu_secs=3.6, read_bytes=10, stored_bytes=100, shuffled_bytes=7)
STAGES = ("vocabulary", "annotate", "deduplicate", "balance", "export")
MEASURED = Measured(
    {name: Line(Usage(files=8), EACH) for name in STAGES},
    {"vocabulary": 1.0, "annotate": 0.9, "deduplicate": 0.5, "balance": 0.1, "export": 1.0},
    shards=8,
    concepts=50,
    encodes_on_gpu=False,
)
INPUT = Input(shards=16, images=1000, size_bytes=5_000_000, selected=200, selected_per_shard=90)


def test_each_stage_takes_what_the_one_before_left() -> None:
    rows = {one.stage: one.rows for one in estimate(INPUT, MEASURED, PRICES)}
    assert rows == {"vocabulary": 50, "annotate": 1000, "deduplicate": 900, "balance": 450, "export": 200}


def test_hours_and_bytes_by_hand() -> None:
    annotate, export = (one for one in estimate(INPUT, MEASURED, PRICES) if one.stage in ("annotate", "export"))
    assert annotate.cpu_hours == pytest.approx(1.0) and annotate.cost == pytest.approx(1.0)
    assert (annotate.read_bytes, annotate.stored_bytes, annotate.shuffled_bytes) == (5_000_000, 100_000, 7_000)
    assert export.read_bytes == 2_000  # as measured, sources being on this machine
    assert stored_cost([annotate, export], PRICES) == pytest.approx(0.12e-3 * 2)


def test_images_of_a_source_elsewhere_are_read_again_for_the_export() -> None:
    export = estimate(dataclasses.replace(INPUT, is_remote=True), MEASURED, PRICES)[-1]
    assert export.read_bytes == 2_000 + 200 * 5_000


def test_files_grow_with_shards_and_those_of_the_export_with_what_is_selected() -> None:
    calls = {one.stage: one.write_calls for one in estimate(INPUT, MEASURED, PRICES)}
    assert calls == {"vocabulary": 80, "annotate": 160, "deduplicate": 160, "balance": 160, "export": 110}


def test_a_gpu_is_paid_with_its_cores_as_long_as_it_encodes() -> None:
    prices = PRICES.model_copy(update={"gpu_images_per_sec": 100.0, "cores_per_gpu": 12})
    annotate = estimate(INPUT, MEASURED, prices)[1]
    assert annotate.gpu_hours == pytest.approx(10 / 3600) and annotate.cpu_hours == pytest.approx(120 / 3600)
    here = estimate(INPUT, dataclasses.replace(MEASURED, encodes_on_gpu=True), PRICES)[1]
    assert here.gpu_hours == here.cpu_hours == pytest.approx(1.0)


def test_the_prices_that_are_shipped_plan_no_gpu_that_nobody_measured() -> None:
    prices = load_settings("configs/plan/prices.yaml", Prices)
    assert prices.gpu_images_per_sec is None
    assert all(one.gpu_hours == 0 and one.cost > 0 for one in estimate(INPUT, MEASURED, prices))
