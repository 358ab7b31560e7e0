"""The whole chain on Flink writes the bytes that this machine's own engine writes."""

from __future__ import annotations

import pathlib

import pytest

from tests.engines.conftest import make
from tests.integration.conftest import digests

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("flink")]


def test_the_same_bytes_within_the_job_server(
    direct_run: pathlib.Path,
    corpus: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    run = tmp_path / "run"
    make(run, corpus, "runner=flink", "runner.workers=2")
    assert digests(run) == digests(direct_run)
