"""The tiny recipe from pictures and instruction sets to answers: what it trains tells what held-out pictures show."""

from __future__ import annotations

import json
import pathlib

import pytest

from pipelines.train_tiny import STAGES, run


@pytest.mark.slow
@pytest.mark.endurance
def test_it_learns_to_answer_about_pictures(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = run(str(tmp_path))
    assert right > 2 / 12, "a guess is right once in twelve, and it was 30 of 100 when this was written"
    for stage in STAGES:
        lines = [json.loads(line) for line in (tmp_path / stage / "metrics.jsonl").read_text().splitlines()]
        assert lines[-1]["loss"] < 0.8 * lines[0]["loss"], stage
    shares = json.loads((tmp_path / "mixture" / "mix" / "shares.json").read_text())["axes"]["source"]
    assert shares["one-thing"]["drawn"] == pytest.approx(0.85, abs=0.02)
    assert sum(one["copies_drawn"] > 0 for one in shares.values()) >= 8, "what is learnt last is a mixture"
    certificate = json.loads((tmp_path / "mixture" / "decontamination" / "certificate.json").read_text())
    assert certificate["final"]["left"] == 0, "what it is judged by is not in it"
    assert "lmms_eval --model llava_onevision1_5" in capsys.readouterr().out
    assert run(str(tmp_path)) == right, "nothing is trained again"
