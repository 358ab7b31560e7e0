"""The commands hand their options to their jobs."""

from __future__ import annotations

import pathlib

import pytest
from typer.testing import CliRunner

from pipelines.main import app
from tests.pipelines.finished_run import finished_run


@pytest.fixture
def root(tmp_path: pathlib.Path) -> str:
    return str(finished_run(tmp_path).folder.root)


def said(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_each_does_what_it_is_told(root: str, tmp_path: pathlib.Path) -> None:
    assert "1 of 1 concepts" in said("concepts", root, "--sort", "gain", "--search", "gre")
    assert "kept: 1 of 1 shown" in said(
        "show", root, "--concept", "red", "--images", "3", "--html", f"{tmp_path}/sheet"
    )
    assert (tmp_path / "sheet").is_file()
    assert "rows: " in said("rejects", root, "--parquet", f"{tmp_path}/left")
    assert f"Page: {tmp_path}/page" in said("compare", root, root, "--html", f"{tmp_path}/page")


@pytest.mark.parametrize(
    "arguments", [["concepts", "RUN", "--sort", "alphabet"], ["show", "RUN", "--images", "0"], ["compare", "RUN"]]
)
def test_what_is_no_option_is_refused(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
