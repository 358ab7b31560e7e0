"""The in-process runner: all workers work, and the user's errors come back as themselves."""

from __future__ import annotations

import json
import os
import pathlib

import apache_beam as beam
import pytest

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from transforms.beam import WriteStageCounts
from transforms.errors import InputError
from transforms.rejects import Counts
from transforms.storage import StoragePath


def engine(workers: int) -> InProcessEngine:
    return InProcessEngine(RunnerSettings(workers=workers))


def one_row(number: int) -> Counts:
    return Counts(2, 1, {f"reason{number % 2}": 1})


def fail_at_seven(number: int) -> int:
    if number == 7:
        raise InputError("shard 7 is torn.\nSend it again.")
    return number


def divide(number: int) -> float:
    return 1 / number


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_counts_of_all_workers_are_added(tmp_path: pathlib.Path, workers: int) -> None:
    path = StoragePath.of(tmp_path) / "counts.json"
    engine(workers).run(
        lambda pipeline: (
            pipeline | beam.Create(list(range(20))) | beam.Reshuffle() | beam.Map(one_row) | WriteStageCounts(path)
        ),
    )
    assert Counts.from_dict(json.loads(path.read_text())) == Counts(40, 20, {"reason0": 10, "reason1": 10})


def test_no_shards_give_no_counts_but_a_file(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "counts.json"
    engine(1).run(
        lambda pipeline: pipeline | beam.Create([]) | beam.Map(one_row) | WriteStageCounts(path),
    )
    assert Counts.from_dict(json.loads(path.read_text())) == Counts()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_users_error_comes_back_as_itself(workers: int) -> None:
    with pytest.raises(InputError) as error:
        engine(workers).run(
            lambda pipeline: pipeline | beam.Create(list(range(20))) | beam.Reshuffle() | beam.Map(fail_at_seven),
        )
    assert str(error.value) == "shard 7 is torn.\nSend it again."


@pytest.mark.parametrize("workers", [1, 2])
def test_a_programming_error_keeps_its_kind(workers: int) -> None:
    with pytest.raises(Exception, match="division by zero"):
        engine(workers).run(lambda pipeline: pipeline | beam.Create([0]) | beam.Map(divide))


@pytest.mark.slow
def test_a_job_that_ends_before_its_workers_have_started(tmp_path: pathlib.Path) -> None:
    """One element, and more workers than cores: most connect when all is over, and must still be let go."""
    path = StoragePath.of(tmp_path) / "counts.json"
    engine(5).run(lambda p: p | beam.Create([1]) | beam.Map(one_row) | WriteStageCounts(path))
    assert Counts.from_dict(json.loads(path.read_text())).rows_in == 2


def test_workers_may_not_outnumber_a_jobs_own_bound(tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "pid"
    engine(4).run(
        lambda pipeline: pipeline | beam.Create([1]) | beam.Map(lambda _: path.write_text(str(os.getpid()))),
        max_workers=1,
    )
    assert path.read_text() == str(os.getpid())
