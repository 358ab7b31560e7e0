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


def test_of_sums_what_a_bundle_sends_is_counted() -> None:
    """And not what is added up before it is sent."""
    engine = MeasuredEngine()

    def build(pipeline: beam.Pipeline) -> None:
        keyed = pipeline | beam.Create(range(200), reshuffle=False) | beam.Map(lambda _: (0, bytes(1000)))
        _ = keyed | beam.CombinePerKey(max)

    engine.run(build)
    assert 1000 <= engine.shuffled_bytes < 1100


def test_a_job_that_groups_nothing() -> None:
    engine = MeasuredEngine()
    engine.run(lambda pipeline: pipeline | beam.Create([1], reshuffle=False) | beam.Map(str))
    assert engine.shuffled_bytes == 0
