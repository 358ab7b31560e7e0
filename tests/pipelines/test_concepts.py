from __future__ import annotations

import io
import pathlib

import pyarrow.csv as pa_csv
import pytest
from rich.console import Console

from pipelines import concepts
from tests.pipelines.finished_run import finished_run


@pytest.fixture
def root(tmp_path: pathlib.Path) -> str:
    return str(finished_run(tmp_path).folder.root)


def printed(root: str, *arguments: str | None) -> str:
    stream = io.StringIO()
    concepts.run(root, *arguments, console=Console(file=stream, width=100))  # type: ignore[arg-type]
    return stream.getvalue()


def test_concepts_are_printed_in_order(root: str) -> None:
    out = printed(root, "rare", None, None)
    assert out.index("[bold]blue") < out.index("green") < out.index("red ")
    assert "3 of 3 concepts" in out
    assert "│ red        │ en       │      2 │      1 │     1 │ 0.75 │" in out


def test_those_searched_for(root: str) -> None:
    out = printed(root, "common", "RE", None)
    assert "red" in out and "green" in out and "blue" not in out


def test_the_list_is_cut_and_says_so(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concepts, "_MOST_PRINTED", 1)
    assert "1 of 3 concepts; --csv FILE writes all of them" in printed(root, "common", None, None)


def test_all_of_them_as_csv(root: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "concepts.csv"
    assert f"3 concepts: {file}" in printed(root, "gain", None, str(file)).replace("\n", "")
    table = pa_csv.read_csv(file)
    assert table["name"].to_pylist() == ["[bold]blue", "red", "green"]
    assert table["gain"].to_pylist() == [1.5, 0.75, 0.0]
