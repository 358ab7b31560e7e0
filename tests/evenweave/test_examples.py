"""The scripts of docs/examples do what they say, over small runs and a small table."""

from __future__ import annotations

import pathlib
import runpy
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import evenweave
from tests.transforms.exporting.small_run import draw_tars, small_run, some_copies
from tests.transforms.reporting.synthetic_run import CONFIG
from transforms.datasets import CONCEPTS, write_table
from transforms.rejects import Counts
from transforms.run_folder import RunState

EXAMPLES = pathlib.Path(__file__).parents[2] / "docs" / "examples"


def finished(folder: pathlib.Path, method: str, sources: list[object]) -> str:
    """A run over pictures, done up to export."""
    run = small_run(folder, sources, copies=some_copies)  # type: ignore[arg-type]
    images, copies = len(run.images), sum(run.copies.values())
    names, shift = ["dog", "cat", "狗", 'say "hi"', "tree"], len(method)
    columns = [list(range(5)), names, ["en"] * 5, [8] * 5, [4] * 5, [shift + row for row in range(5)], [1.0] * 5]
    concepts = pa.Table.from_arrays([pa.array(column) for column in columns], CONCEPTS.names).cast(CONCEPTS)
    write_table(run.folder.concepts, concepts, run.folder.fingerprint)
    state = RunState.open(run.folder, {**CONFIG, "balance": {"method": method, "size": copies}}, {})
    state.finish("annotate", Counts(images + 1, images, {"empty_image": 1}))
    state.finish("deduplicate", Counts(images, images))
    chosen = len(run.copies)
    state.finish("balance", Counts(images, chosen, {"not_selected": images - chosen}))
    state.finish("export", run.export(name="few", samples_per_shard=8))
    return str(folder)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("examples")
    sources = [draw_tars(folder / "raw", 2, 10)]
    return [finished(folder / method, method, sources) for method in ("raked", "uniform")]


def printed(
    name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    return capsys.readouterr().out


def test_look_into_a_run(runs: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed("look_into_a_run", runs[:1], monkeypatch, capsys)
    assert "annotate: 21 in, 20 out" in out and "balance: 20 in, 10 out" in out
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
