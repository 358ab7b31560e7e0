from __future__ import annotations

import io
import pathlib

from rich.console import Console

from pipelines import compare
from tests.pipelines.finished_run import finished_run


def test_tables_and_a_page(tmp_path: pathlib.Path) -> None:
    first, second = finished_run(tmp_path), finished_run(tmp_path, "uniform", "bc")
    stream = io.StringIO()
    page = compare.run(str(first.folder.root), str(second.folder.root), None, Console(file=stream, width=120))
    assert page == second.folder.root / "report" / f"compared-with-{first.folder.fingerprint}.html"
    out, text = stream.getvalue(), page.read_text()
    assert "│ balance.method │ raked │ uniform │" in out
    assert "│ web    │       1 │           1 │            1 │  33.3% │" in out
    assert "│ green   │ en       │     0 │      1 │     +1 │" in out
    assert "normalised entropy" in out and "normalised entropy" in text
    assert "33.3 % were chosen by both" in text.replace("\n", " ") and "[bold]blue" in text


def test_the_page_goes_where_it_is_wanted(tmp_path: pathlib.Path) -> None:
    state = finished_run(tmp_path)
    root, file = str(state.folder.root), tmp_path / "page.html"
    compare.run(root, root, str(file), Console(file=io.StringIO()))
    assert "None." in file.read_text()
    assert not (state.folder.root / "report").exists()
