from __future__ import annotations

import io
import pathlib

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from pipelines import rejects
from tests.pipelines.finished_run import finished_run
from transforms.browsing.rejects import LEFT_OUT
from transforms.errors import ConfigError, RunFolderError
from transforms.rejects import Counts
from transforms.run_folder import RunState


@pytest.fixture
def state(tmp_path: pathlib.Path) -> RunState:
    return finished_run(tmp_path)


def printed(state: RunState, csv: str | None = None, parquet: str | None = None) -> str:
    stream = io.StringIO()
    rejects.run(str(state.folder.root), csv, parquet, Console(file=stream, width=200))
    return stream.getvalue()


def test_rows_by_stage_and_reason(state: RunState) -> None:
    lines = [line for line in printed(state).splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line.strip("│").split("│")] for line in lines] == [
        ["annotate", "truncated image", "1"],
        ["deduplicate", "exact duplicate", "1"],
        ["balance", "not selected", "1"],
    ]


def test_every_row_in_a_file(state: RunState, tmp_path: pathlib.Path) -> None:
    files = str(tmp_path / "left.csv"), str(tmp_path / "left.parquet")
    assert f"3 rows: {files[0]}" in printed(state, csv=files[0])
    assert f"3 rows: {files[1]}" in printed(state, parquet=files[1])
    table = pq.read_table(files[1])
    assert table.schema.equals(LEFT_OUT) and table["key"].to_pylist() == ["e", "d", "c"]
    assert pa_csv.read_csv(files[0])["reason"].to_pylist() == table["reason"].to_pylist()


def test_rows_that_were_not_counted_leave_no_file(state: RunState, tmp_path: pathlib.Path) -> None:
    state.finish("balance", Counts(3, 1, {"not_selected": 2}))
    with pytest.raises(RunFolderError, match=r"holds 1 rows that balance left out as not_selected, run\.json counts 2"):
        printed(state, csv=str(tmp_path / "left.csv"))
    assert not (tmp_path / "left.csv").exists()


def test_one_file_at_a_time(state: RunState) -> None:
    with pytest.raises(ConfigError, match="--csv and --parquet at once"):
        printed(state, "a", "b")
