"""The whole chain on Spark writes the bytes that this machine's own engine writes."""

from __future__ import annotations

import pathlib

import pytest

from tests.engines.conftest import make
from tests.integration.conftest import digests

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("spark")]

LOCAL = ("runner=spark", "runner.spark.master=local[2,4]", "runner.workers=2")


@pytest.mark.parametrize("workers_at", ["processes", "threads"])
def test_the_same_bytes_within_the_job_server(
    workers_at: str, direct_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "run"
    said = make(run, corpus, *LOCAL, f"runner.spark.workers_at={workers_at}")
    assert digests(run) == digests(direct_run)
    assert "Spark" not in said and "INFO" not in said  # on this machine it is quiet
