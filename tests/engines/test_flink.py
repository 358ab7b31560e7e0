"""The whole chain on Flink writes the bytes that this machine's own engine writes."""

from __future__ import annotations

import pathlib

import pytest

from tests.engines.conftest import arguments
from tests.integration.conftest import digests, evenweave

pytestmark = [pytest.mark.engines, pytest.mark.usefixtures("flink")]


def test_the_same_bytes_within_the_job_server(
    direct_run: pathlib.Path,
    corpus: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    run = tmp_path / "run"
    evenweave(*arguments(corpus, run), "--set", "runner=flink", "--set", "runner.workers=2")
    assert digests(run) == digests(direct_run)
