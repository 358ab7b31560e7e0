from __future__ import annotations

import dataclasses
import io
import pathlib

from rich.console import Console

from tests.transforms.reporting.synthetic_run import SyntheticRun
from transforms.reporting.gather import gather
from transforms.reporting.terminal import print_summary
from transforms.storage import StoragePath


def printed(run: SyntheticRun, root: StoragePath, **changed: str) -> str:
    stream = io.StringIO()
    summary = dataclasses.replace(gather(run.write(root)), **changed)
    print_summary(summary, Console(file=stream, width=120), root / "report" / "index.html")
    return stream.getvalue()


def test_tables_hold_stages_measures_and_the_path(small_run: SyntheticRun, root: StoragePath) -> None:
    lines = [" ".join(line.replace("│", " ").split()) for line in printed(small_run, root).splitlines()]
    assert "annotate 9 6 3 missing caption 2, truncated image 1" in lines
    assert "balance 6 4 2 not selected 2" in lines
    assert "share of the top 1 % of concepts 55.6 % 60.0 % 50.0 %" in lines
    assert f"Report: {root}/report/index.html" in lines


def test_markup_in_names_is_printed_as_it_is(small_run: SyntheticRun, root: StoragePath) -> None:
    assert "[red]loud[/]" in printed(small_run, root, method="[red]loud[/]")


def test_a_path_with_markup_is_printed_as_it_is(small_run: SyntheticRun, tmp_path: pathlib.Path) -> None:
    root = StoragePath.of(tmp_path / "[red]:dog:[/b]")
    assert f"Report: {root}/report/index.html" in printed(small_run, root)
