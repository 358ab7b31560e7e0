"""The pool starts workers for whoever asks: here Beam's portable runner, without Java."""

from __future__ import annotations

import os
import pathlib

import apache_beam as beam
import pytest

from pipelines.engine.portable import PortableEngine
from pipelines.engine.worker_pool import WorkerPool
from transforms.errors import InputError
from transforms.storage import StoragePath


@pytest.fixture
def engine() -> PortableEngine:
    pool = WorkerPool()
    pool.job = "transforms.errors"  # all that the job here needs
    return PortableEngine(
        [
            "--runner=PortableRunner",
            "--job_endpoint=embed",
            "--environment_type=EXTERNAL",
            f"--environment_config={pool.address}",
        ]
    )


def refuse(number: int) -> None:
    raise InputError(f"shard {number} is torn")


@pytest.mark.slow
def test_a_job_is_done_in_another_process_and_errors_come_back(engine: PortableEngine, tmp_path: pathlib.Path) -> None:
    path = StoragePath.of(tmp_path) / "pid"
    engine.run(lambda pipeline: pipeline | beam.Create([1]) | beam.Map(lambda _: path.write_text(str(os.getpid()))))
    assert int(path.read_text()) != os.getpid()
    with pytest.raises(InputError, match=r"^shard 7 is torn$"):
        engine.run(lambda pipeline: pipeline | beam.Create([7]) | beam.Map(refuse))
