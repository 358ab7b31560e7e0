"""``export: index``: the chain without a second look at the images, for those who keep their own tars."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.integration.conftest import MINI, digests, evenweave, read_all, small_corpus

pytestmark = pytest.mark.slow


def test_an_index_in_place_of_tars(finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run = tmp_path / "run"
    job = [MINI, "--output", run, *small_corpus(corpus), "--set", "export=index", "--set", f"reuse={finished_run}"]
    evenweave("build", *job)
    stages = json.loads((run / "run.json").read_text())["stages"]
    assert stages["export"]["counts"]["rows_out"] == 200
    assert sorted(read_all(run / "index")["key"].to_pylist()) == sorted(read_all(run / "selection")["key"].to_pylist())
    assert not (run / "shards").exists() and (run / "report" / "index.html").is_file()
    assert "is sound" in evenweave("verify", run).stdout

    whole = digests(run)
    (run / "index" / "miniature" / "00003.parquet").unlink()
    assert "00003.parquet is missing" in evenweave("build", *job, check=False).stderr
    (run / "index" / "miniature" / "00004.parquet").write_bytes(b"PAR1")
    evenweave("verify", run, "--repair")
    evenweave("build", *job)
    assert digests(run) == whole
