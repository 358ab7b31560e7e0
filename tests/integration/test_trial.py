"""``evenweave build --limit``: the whole chain, on a few samples of the sources."""

from __future__ import annotations

import json
import pathlib

import pyarrow.parquet as pq
import pytest

from tests.integration.conftest import MINI, evenweave, small_corpus

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("finished_run")  # it draws the corpus
def test_a_trial_runs_to_its_report(corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run = tmp_path / "trial"
    at_rest = [*small_corpus(corpus), "--set", "max_reject_share=0.5"]
    said = evenweave("build", MINI, "--limit", 101, "--set", f"output={tmp_path / 'run'}", *at_rest).stdout
    run = tmp_path / "run-limit-101"
    assert "a trial on at most 101 samples, of which 25 are selected" in said
    record = json.loads((run / "run.json").read_text())
    assert record["stages"]["annotate"]["counts"]["rows_in"] == 101
    assert record["stages"]["export"]["counts"]["rows_out"] == 25
    assert pq.read_table(run / "inputs.parquet")["shard"].to_pylist()[::7] == ["00000", "00007"]
    assert (run / "report" / "index.html").is_file()
    assert not (tmp_path / "run").exists()
