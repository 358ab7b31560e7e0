"""The tiny recipe from pictures to answers: what it trains tells what held-out pictures show. Minutes on a CPU."""

from __future__ import annotations

import json
import pathlib

import pytest

from pipelines.train_tiny import STAGES, run


@pytest.mark.slow
@pytest.mark.longest
def test_it_learns_to_answer_about_pictures(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = run(str(tmp_path))
    assert right > 4 / 12, "a guess is right once in twelve"
    for stage in STAGES:
        lines = [json.loads(line) for line in (tmp_path / stage / "metrics.jsonl").read_text().splitlines()]
        assert lines[-1]["loss"] < 0.8 * lines[0]["loss"], stage
    assert "lmms_eval --model llava_onevision1_5" in capsys.readouterr().out
    assert run(str(tmp_path)) == right, "nothing is trained again"
