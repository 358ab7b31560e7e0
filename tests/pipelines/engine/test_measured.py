"""How many bytes a job groups by key is known when it has ended."""

from __future__ import annotations

import apache_beam as beam
import pytest

from pipelines.engine.measured import MeasuredEngine


def keyed(number: int) -> tuple[int, bytes]:
    return number % 7, bytes(1000)


def test_what_is_grouped_is_counted_and_added_up() -> None:
    engine = MeasuredEngine()
    for jobs in (1, 2):
        engine.run(
            lambda pipeline: pipeline | beam.Create(range(200), reshuffle=False) | beam.Map(keyed) | beam.GroupByKey()
        )
        assert engine.shuffled_bytes == pytest.approx(200 * 1000 * jobs, rel=0.05)


def test_a_job_that_groups_nothing() -> None:
    engine = MeasuredEngine()
    engine.run(lambda pipeline: pipeline | beam.Create([1], reshuffle=False) | beam.Map(str))
    assert engine.shuffled_bytes == 0
