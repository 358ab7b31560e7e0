"""What a plan tells of a build, beside what the build then uses."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
from rich.console import Console

from pipelines import plan
from pipelines.build_run import BuildRun
from pipelines.build_settings import BuildSettings
from pipelines.engine.measured import MeasuredEngine
from pipelines.job_options import as_overrides
from tests.integration.conftest import small_corpus
from transforms.configuration import load_settings
from transforms.errors import ConfigError
from transforms.planning.estimate import Input, Measured, StageEstimate, estimate
from transforms.planning.prices import Prices
from transforms.planning.usage import Line, Usage

MINI, PRICES = "configs/build/mini.yaml", "configs/plan/prices.yaml"
IMAGES = 1200


@pytest.fixture(scope="module")
def planned(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, StageEstimate], dict[str, tuple[int, Usage]], str]:
    """By stage what the plan says, what the build then used, and what was printed."""
    folder = tmp_path_factory.mktemp("plan")
    given = [part for part in small_corpus(folder / "corpus", IMAGES) if part != "--set"]
    settings = load_settings(MINI, BuildSettings, as_overrides(given, str(folder / "run")))
    console = Console(record=True, width=80, quiet=False, file=(folder / "said").open("w"))
    plan.run(settings, 400, PRICES, str(folder / "costs.json"), console)
    engine = MeasuredEngine()
    run = BuildRun(settings, engine, Console(quiet=True))
    found = plan.look(run)
    prices = load_settings(PRICES, Prices)
    estimates = estimate(found, plan.read_measured(str(folder / "costs.json")), prices)
    used = plan.measure_stages(run, engine)
    return {one.stage: one for one in estimates}, used.points, console.export_text()


@pytest.mark.slow
def test_bytes_are_within_a_quarter(planned: Any) -> None:
    estimates, points, _ = planned
    assert estimates.keys() == points.keys()
    for name in ("read_bytes", "stored_bytes", "shuffled_bytes"):
        said = sum(getattr(one, name) for one in estimates.values())
        was = sum(getattr(used, name) for _, used in points.values())
        assert said == pytest.approx(was, rel=0.25), name
    for stage, (rows, used) in points.items():
        assert estimates[stage].rows == pytest.approx(rows, rel=0.05), stage
        assert estimates[stage].stored_bytes == pytest.approx(used.stored_bytes, rel=0.25), stage


@pytest.mark.slow
def test_each_stage_and_their_sum_are_printed(planned: Any) -> None:
    _, _, said = planned
    lines = said.splitlines()
    assert "12 shards" in lines[0] and "300 are selected" in lines[0]
    for stage in ("vocabulary", "annotate", "deduplicate", "balance", "export", "together"):
        assert any(line.startswith(stage) for line in lines), stage
    assert "a month to keep" in lines[-1] and not any("…" in line for line in lines)


def test_costs_that_are_there_are_taken_and_those_that_are_none_refused(tmp_path: pathlib.Path) -> None:
    stages = ("vocabulary", "annotate", "deduplicate", "balance", "export")
    lines = {stage: Line(Usage(), Usage(cpu_secs=1.0)) for stage in stages}
    measured = Measured(lines, dict.fromkeys(stages, 0.5), shards=2, concepts=9, encodes_on_gpu=False)
    path = tmp_path / "costs.json"
    path.write_text(json.dumps(plan.to_dict(measured)))
    assert plan.read_measured(str(path)) == measured
    estimates = estimate(Input(4, 7200.0, 10, 50, 10), plan.read_measured(str(path)), load_settings(PRICES, Prices))
    assert {one.stage: one.cpu_hours * 3600 for one in estimates}["annotate"] == pytest.approx(7200)
    path.write_text('{"lines": 3}')
    with pytest.raises(ConfigError, match=r"costs\.json is not what a plan has measured: .* Remove it to measure anew"):
        plan.read_measured(str(path))
