"""The command: a sheet, labels, and whether the run may be handed on."""

from __future__ import annotations

import io
import json
import pathlib
import re

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.audit import NOT_PASSED, PASSED, draw_sheet, judge
from pipelines.main import app
from tests.transforms.instruct.auditing.small_audit import finished
from transforms.errors import ConfigError, InputError, RunFolderError
from transforms.run_folder import RunState
from transforms.storage import StoragePath
from transforms.verifying.looked_at import check_audit


def console() -> Console:
    return Console(file=io.StringIO(), width=160)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.slow
def test_a_sheet_is_drawn_labelled_and_judged(tmp_path: pathlib.Path) -> None:
    run = str(finished(tmp_path).root)
    told = console()
    draw_sheet(run, 3, 0, [], told)
    assert "14 of 24 in 6 strata" in said(told)
    audit = pathlib.Path(run) / "audit"
    page = (audit / "index.html").read_text()
    ids = re.findall(r'data-id="([0-9a-f]{16})"', page)
    strata = json.loads((audit / "sheet.json").read_text())["strata"]
    assert sorted(ids) == sorted(one for stratum in strata for one in stratum["items"]) and len(set(ids)) == 14
    labels = tmp_path / "labels.csv"
    labels.write_text("id,label\n" + "".join(f"{one},right\n" for one in ids))
    told = console()
    assert judge(run, str(labels), 0.5, told) == PASSED and "✓ in all 0.0% are wrong" in said(told)
    assert judge(run, str(labels), 0.05, told) == NOT_PASSED and "more than 5.0%" in said(told)
    assert json.loads((audit / "rates.json").read_text())["all"]["labelled"] == 14
    state = RunState.read(StoragePath.of(run))
    assert list(check_audit(state)) == []
    labels.write_text("id,label\n" + f"{ids[0]},right\n")
    told = console()
    assert judge(run, str(labels), 0.9, told) == NOT_PASSED and "5 strata have no label" in said(told)
    assert judge(run, str(labels), None, told) == PASSED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "seen"),
    [
        ("sheet.json", '"format_version": "', '"format_version": "0.', "has format version 0."),
        ("sheet.json", '"fingerprint": "', '"fingerprint": "0', "and the run has become"),
        ("sheet.json", '"items"', '"item"', "is not of the shape"),
        ("index.html", "data-id=", "data-it=", "lacks 6 of the 6"),
        ("rates.json", '"drawn": 1', '"drawn": 2', "the sheet 24 and 6"),
        ("rates.json", '"fingerprint": "', '"fingerprint": "0', "was made with settings 0"),
        ("rates.json", '"strata"', '"stratum"', "is not of the shape"),
    ],
)
def test_a_sheet_is_looked_at_with_its_run(file: str, old: str, new: str, seen: str, tmp_path: pathlib.Path) -> None:
    run = finished(tmp_path).root
    draw_sheet(str(run), 1, 0, [], console())
    (tmp_path / "labels.csv").write_text("id,label\n")
    judge(str(run), str(tmp_path / "labels.csv"), None, console())
    path = pathlib.Path(str(run)) / "audit" / file
    path.write_text(path.read_text().replace(old, new))
    (found,) = check_audit(RunState.read(run))
    assert seen in found.seen and found.again == "audit" and found.path.name == file, found
    assert all(one.parent.name == "audit" for one in found.remove)


@pytest.mark.slow
def test_what_cannot_be_looked_at(tmp_path: pathlib.Path) -> None:
    folder = finished(tmp_path)
    with pytest.raises(RunFolderError, match=r"sheet\.json"):
        judge(str(folder.root), str(tmp_path / "labels"), None, console())
    with pytest.raises(ConfigError, match="--stage wash is none of this run: safety, compose, templates"):
        draw_sheet(str(folder.root), 3, 0, ["wash"], console())
    draw_sheet(str(folder.root), 1, 0, ["compose"], console())
    with pytest.raises(InputError, match="no labels at"):
        judge(str(folder.root), str(tmp_path / "labels"), None, console())
    with pytest.raises(RunFolderError, match="is not a run folder"):
        draw_sheet(str(tmp_path), 1, 0, [], console())
    refused = CliRunner().invoke(app, ["audit", str(folder.root), "--max-error", "0.1"])
    assert isinstance(refused.exception, ConfigError) and "--max-error needs --labels" in str(refused.exception)
