"""evenweave instruct inspect: what it prints is what docs/instruct.md shows."""

from __future__ import annotations

import pathlib
import re

import pytest
from typer.testing import CliRunner

from pipelines.main import app
from tests.transforms.instruct.small_sets import asked, picture, write_lines
from transforms.errors import InputError

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "instruct.md"


def charts(folder: pathlib.Path) -> pathlib.Path:
    """A set as they come: boxes of an unknown kind, a stray field, images of another's folders, no placeholders."""
    (folder / "images").mkdir(parents=True)
    for name, size in (("wide.jpg", (640, 400)), ("tall.jpg", (300, 500))):
        (folder / "images" / name).write_bytes(picture(size))
    records: list[dict[str, object]] = []
    for number in range(40):
        left, top = number * 23 % 70 / 100, number * 37 % 70 / 100
        right, low = left + 0.1 + number % 3 / 10, top + 0.1 + number % 5 / 25
        name = ("wide", "tall")[number % 2]
        turns = asked("Where is the legend?", f"[{left:.2f}, {top:.2f}, {right:.2f}, {low:.2f}]")
        records.append({"id": f"c{number}", "image": f"/data/charts/{name}.jpg"[1:], "conversations": turns})
    records.append({**records[0], "id": "c40", "conversations": asked("Is there a legend?", "Yes"), "score": 0.5})
    records.append({"id": "c41", "conversations": asked("Is there a legend?", " ")})
    return write_lines(folder / "charts.jsonl", records)


def test_the_page_shows_what_is_printed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    charts(tmp_path)
    result = CliRunner().invoke(app, ["instruct", "inspect", "charts.jsonl"], catch_exceptions=False)
    assert result.exit_code == 0
    printed = [line.rstrip() for line in result.output.replace(str(tmp_path), "/data").splitlines()]
    shown = re.search(r"```console\n\$ evenweave instruct inspect charts\.jsonl\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown is not None
    assert "\n".join(printed).strip().endswith(shown[1].partition("…\n")[2].strip())


def test_nothing_to_read_is_said(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="nothing to read"):
        CliRunner().invoke(app, ["instruct", "inspect", str(tmp_path)], catch_exceptions=False)


def test_a_bound_on_records(tmp_path: pathlib.Path) -> None:
    result = CliRunner().invoke(app, ["instruct", "inspect", str(charts(tmp_path)), "--records", "10"])
    assert "10 records" in result.output and "conversations 10" in result.output
