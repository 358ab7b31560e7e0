"""The whole chain through Beam's portable job service, which needs no Java: what Spark and Flink are spoken to by."""

from __future__ import annotations

import pathlib

import pytest

from tests.integration.conftest import MINI, digests, evenweave, small_corpus

pytestmark = pytest.mark.slow


def test_the_same_bytes_through_the_job_service(
    finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    portable = ("--", "--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=LOOPBACK")
    evenweave("build", MINI, "--output", tmp_path / "run", *small_corpus(corpus), *portable)
    assert digests(tmp_path / "run") == digests(finished_run)
