"""Another mixture from what stages left: none before the first that differs runs again."""

from __future__ import annotations

import io
import json
import pathlib
from typing import Any

import pytest
from rich.console import Console

from pipelines import verify
from pipelines.engine.choice import choose_engine
from pipelines.engine.settings import RunnerSettings
from pipelines.instruct import categorise, standardise
from pipelines.instruct.chain import instruct
from pipelines.instruct.run import InstructRun
from pipelines.instruct.settings import InstructSettings
from pipelines.remix import run as remix
from pipelines.verify import NOT_SOUND, SOUND
from tests.transforms.instruct.small_sets import asked, picture, write_lines
from transforms.configuration import validate
from transforms.errors import ConfigError, EvenweaveError, RunFolderError

STAGES = ["standardise", "categorise", "templates", "mix", "publish"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first test leaves it with another mixture and a stage less; the others leave it as it is."""
    folder = tmp_path_factory.mktemp("remix")
    sets = folder / "sets"
    sets.mkdir()
    records: list[dict[str, Any]] = []
    for place in range(8):
        (sets / f"{place}.jpg").write_bytes(picture((64, 40 + place)))
        records.append(
            {"conversations": asked(f"<image>How many cats are on mat {place}?", "3"), "image": f"{place}.jpg"}
        )
        records.append({"conversations": asked(f"Tell me of the town of number {place}.", "It is an old one, I hear.")})
    write_lines(sets / "set.jsonl", records)
    values = {
        "output": str(folder / "run"),
        "sources": [{"name": "set", "path": str(sets / "set.jsonl"), "license": "CC0-1.0"}],
        "stages": STAGES,
        "mix": {"size": 8},
    }
    settings = validate(values, InstructSettings, "the test")
    instruct(InstructRun(settings, choose_engine(RunnerSettings(workers=1)), Console(file=io.StringIO())))
    return str(folder / "run")


def remixed(run: str, overrides: list[str], without: list[str] | None = None, plan: bool = False) -> str:
    told = io.StringIO()
    engine = choose_engine(RunnerSettings(workers=1))
    remix(run, overrides, without or [], engine, Console(file=told, width=160), plan)
    return told.getvalue()


def verified(run: str, repair: bool = False) -> tuple[int, bool]:
    """The status, and whether it says that the run is sound."""
    told = io.StringIO()
    status = verify.run(run, repair, Console(file=told, width=300))
    assert ("tells of of another" in told.getvalue()) == ("is sound" not in told.getvalue()), told.getvalue()
    return status, "is sound" in told.getvalue()


def files(run: str, *folders: str) -> dict[str, tuple[int, int]]:
    """The inode and the time of each: written again, a file has another."""
    found = [path for name in folders for path in (pathlib.Path(run) / name).rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


@pytest.mark.slow
def test_other_shares_and_a_stage_less(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise AssertionError("an earlier stage ran again")

    for job in (standardise, categorise):
        monkeypatch.setattr(job, "stage_job", refused)
    before = files(run, "rows", "facts", "edits")
    assert "mix, publish would be made anew" in remixed(run, ["mix.size=4"], plan=True)
    assert "nothing would change" in remixed(run, ["mix.size=8"])
    assert files(run, "rows", "facts", "edits") == before and not (pathlib.Path(run) / "remix/changes.json").exists()

    shares = "mix.category.shares={text: 0.75, general_vqa: 0.25}"
    said = remixed(run, ["mix.size=4", shares])
    assert files(run, "rows", "facts", "edits") == before and said.count("done before") == 3
    changed = pathlib.Path(run) / "remix/changes.json"
    kept = json.loads(changed.read_text())
    assert verified(run) == (SOUND, True)
    changed.write_text(json.dumps({**kept, "after": "of another"}))
    assert verified(run) == (NOT_SOUND, False)
    assert verified(run, repair=True) == (SOUND, False) and not changed.exists()
    assert verified(run) == (SOUND, True)
    assert kept["made_anew"] == ["mix", "publish"]
    assert {one["name"]: (one["clean_after"], one["mixed_after"]) for one in kept["category"]} == {
        "text": (8, 3),
        "general_vqa": (8, 1),
        "all": (16, 4),
    }
    assert kept["source"][-1] == {
        "name": "all",
        "clean_before": 16,
        "clean_after": 16,
        "mixed_before": 8,
        "mixed_after": 4,
    }

    with pytest.raises(EvenweaveError, match="asks for a share of 'ocr'"):
        remixed(run, ["mix.category.shares={ocr: 1.0}"])
    remixed(run, ["mix.category.shares={text: 1.0}"])
    kept = json.loads((pathlib.Path(run) / "remix/changes.json").read_text())
    assert [(one["mixed_before"], one["mixed_after"]) for one in kept["category"]] == [(1, 0), (3, 4), (4, 4)]

    kept_stages = files(run, "rows", "facts/categorise")
    assert files(run, "facts/templates", "edits/templates")
    said = remixed(run, [], without=["templates"])
    assert files(run, "rows", "facts/categorise") == kept_stages and said.count("done before") == 2
    assert not files(run, "facts/templates", "edits/templates")
    assert b"Answer" not in b"".join(path.read_bytes() for path in (pathlib.Path(run) / "mixture/train").glob("*.tar"))


def test_what_would_be_another_run_is_refused(run: str, tmp_path: pathlib.Path) -> None:
    before = files(run, ".")
    for override in ("sources.0.license=MIT", "output=elsewhere", "seed=3"):
        with pytest.raises(ConfigError, match="a remix keeps what it was made of"):
            remixed(run, [override])
    with pytest.raises(ConfigError, match="--without wash is no stage of this run: standardise, categorise"):
        remixed(run, [], without=["wash"])
    with pytest.raises(ConfigError, match="mix cannot be left out"):
        remixed(run, [], without=["mix"])
    with pytest.raises(RunFolderError, match="is not a run folder"):
        remixed(str(tmp_path), [])
    assert files(run, ".") == before


def test_a_stage_that_would_ask_a_model_is_refused(run: str) -> None:
    stages = [
        "stages=[standardise, safety, categorise, rate, mix, publish]",
        "servers={m: {base_url: 'http://127.0.0.1:9/v1', model: m}}",
        "rate.server=m",
    ]
    before = files(run, ".")
    with pytest.raises(ConfigError, match="rate would be made anew, and may ask a model"):
        remixed(run, stages)
    assert files(run, ".") == before
