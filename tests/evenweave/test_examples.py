"""The scripts of docs/examples do what they say, over small runs and a small table."""

from __future__ import annotations

import pathlib
import runpy
import sys

import pyarrow.parquet as pq
import pytest

import evenweave
from tests.transforms.exporting.finished_small_run import finished_small_run
from tests.transforms.exporting.small_run import draw_tars

EXAMPLES = pathlib.Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("examples")
    sources = [draw_tars(folder / "raw", 2, 10)]
    made = [
        finished_small_run(folder / method, sources, method, name="few", samples_per_shard=8)
        for method in ("raked", "uniform")
    ]
    return [str(run.folder.root) for run in made]


def printed(
    name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    return capsys.readouterr().out


@pytest.mark.slow
def test_look_into_a_run(runs: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed("look_into_a_run", runs[:1], monkeypatch, capsys)
    assert "annotate: 57 in, 20 out" in out and "balance: 20 in, 10 out" in out
    assert "dog: 8 images before, 5 after" in out
    assert any(line.startswith("en") and line.endswith("16") for line in out.splitlines())
    assert out.splitlines()[-1].startswith("raw/0000")


def test_compare_two_runs(runs: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed("compare_two_runs", runs, monkeypatch, capsys)
    assert "balance.method: raked → uniform" in out
    assert "10 images were chosen by both, 0 and 0 by one alone" in out
    assert "tree: 9 → 11 images" in out


def test_balance_a_table(
    runs: list[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = printed("balance_a_table", [], monkeypatch, capsys)
    assert out.startswith("1,000 of 10,000 rows, the first of them:")
    before, after = (float(line.split()[-4].rstrip("%")) for line in out.splitlines()[-2:])
    assert after < 0.75 * before
    path = tmp_path / "annotations.parquet"
    pq.write_table(evenweave.open_run(runs[0]).annotations(), path)
    assert printed("balance_a_table", [str(path)], monkeypatch, capsys).startswith("2 of 20 rows")


def test_every_example_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"look_into_a_run", "compare_two_runs", "balance_a_table"}
