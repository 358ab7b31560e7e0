"""The chain in this process: what is done, done again, made anew and refused."""

from __future__ import annotations

import io
import json
import pathlib
import socket
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from pipelines.engine.choice import choose_engine
from pipelines.engine.settings import RunnerSettings
from pipelines.instruct.chain import instruct
from pipelines.instruct.run import InstructRun
from pipelines.instruct.settings import InstructSettings
from pipelines.verify import run as verify
from tests.transforms.instruct.small_sets import asked, picture, write_lines
from transforms.configuration import validate
from transforms.errors import ConfigError, EvenweaveError, InputError, RunFolderError
from transforms.stages import INSTRUCT_DEFAULT

NAMES = [stage.name for stage in INSTRUCT_DEFAULT]
FEW = ["standardise", "safety", "validate", "duplicates", "mix", "publish"]  # each stage is a job, which takes a while
Chain = Callable[..., InstructRun]
_COLOURS = ("red", "green", "blue", "black", "white", "orange")


@pytest.fixture
def sets(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "sets"
    records: list[dict[str, Any]] = []
    for place, colour in enumerate(_COLOURS):
        folder.mkdir(exist_ok=True)
        (folder / f"{colour}.jpg").write_bytes(picture((64, 40 + 8 * place), colour=colour))
        turns = asked("<image>Which colour is the cloth that hangs there?", f"It is a {colour} one.")
        records.append({"conversations": turns, "image": f"{colour}.jpg"})
    records += [
        records[0],
        {"conversations": asked("How are you today, my friend?", "I'm sorry, as an AI I cannot say.")},
    ]
    records.append({"conversations": asked("Send it to amber.dale7@example.com, please. What is 1 + 1?", "2")})
    write_lines(folder / "set.jsonl", records)
    benchmark = {"question_id": "7", "question": "Which colour is the cloth that hangs there?", "image": "blue.jpg"}
    write_lines(folder / "benchmark.jsonl", [benchmark])
    return folder


@pytest.fixture
def chain(tmp_path: pathlib.Path, sets: pathlib.Path) -> Chain:
    def run(remake: bool = False, source: dict[str, Any] | None = None, **sections: Any) -> InstructRun:
        values = {
            "output": str(tmp_path / "run"),
            "sources": [{"name": "set", "path": str(sets / "set.jsonl"), "license": "CC0-1.0", **(source or {})}],
            "decontaminate": {"benchmarks": [{"name": "b", "path": str(sets / "benchmark.jsonl")}], "canaries": 1},
            "split": {"validation": 0.0},
            **sections,
        }
        console = Console(file=io.StringIO(), width=200)
        engine = choose_engine(RunnerSettings(workers=1))
        found = InstructRun(validate(values, InstructSettings, "the test"), engine, console, remake=remake)
        instruct(found)
        return found

    return run


def said(run: InstructRun) -> str:
    assert isinstance(run.console.file, io.StringIO)
    return run.console.file.getvalue()


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address can be reached, or as much as looked up."""

    def refused(*address: object, **_: object) -> None:
        raise AssertionError(f"the chain asks for {address}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refused)


@pytest.mark.slow
@pytest.mark.usefixtures("unreachable")
def test_from_a_set_to_a_mixture(chain: Chain, sets: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Report and all, without fetching a thing; what is done is not done again, and not over other content."""
    run = chain()
    counts = {name: run.state.counts(name) for name in NAMES}
    assert counts["standardise"].rows_in == 9
    assert counts["validate"].rejects == {"refusal": 1}
    assert counts["duplicates"].rejects == {"exact_duplicate": 1}
    assert counts["decontaminate"].rejects == {"benchmark_image_and_question": 1}
    assert counts["publish"].rows_out == 6
    (tar,) = (tmp_path / "run" / "mixture" / "train").glob("*.tar")
    assert b"It is a red one." in tar.read_bytes() and b"amber.dale7" not in tar.read_bytes()
    page = (tmp_path / "run" / "report" / "index.html").read_text()
    assert "9 records, 6 published" in page and "amber.dale7" not in page
    assert "6 published rows were compared with the benchmarks again" in page and "image exact" in page
    certificate = json.loads((tmp_path / "run" / "decontamination" / "certificate.json").read_text())
    assert certificate["final"]["rows"] == 6 and certificate["final"]["left"] == 0
    assert verify(str(tmp_path / "run"), console=Console(file=io.StringIO())) == 0
    assert said(chain()).count("done before") == len(NAMES)

    text = (sets / "set.jsonl").read_text()
    (sets / "set.jsonl").write_text(text.replace("It is a red one.", "It is a tan one."))
    with pytest.raises(InputError, match="had other content when standardised"):
        chain()


@pytest.mark.slow
def test_other_settings_are_refused_or_made_anew(chain: Chain) -> None:
    chain(stages=FEW)
    with pytest.raises(RunFolderError, match=r"settings\.mix\.size.*--remake"):
        chain(stages=FEW, mix={"size": 3})
    again = chain(remake=True, stages=FEW, mix={"size": 3})
    assert said(again).count("done before") == FEW.index("mix")
    assert again.state.counts("publish").rows_out == 3
    without = chain(remake=True, stages=[name for name in FEW if name != "safety"])
    assert said(without).count("done before") == 1
    assert "safety" not in without.state.values["stages"]
    other = chain(remake=True, stages=FEW, source={"license": "CC-BY-4.0"})
    assert "done before" not in said(other)
    assert other.state.counts("publish").rows_out == 7


@pytest.mark.slow
def test_settings_of_stages_that_are_not_done_may_change(chain: Chain, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"mix\.size asks for 90 rows, and the sources hold 9"):
        chain(stages=FEW, mix={"size": 90})
    assert not (tmp_path / "run" / "facts").exists()
    with pytest.raises(EvenweaveError, match=r"mix\.size asks for 9 rows, and there are 7"):
        chain(stages=FEW, mix={"size": 9})
    run = chain(stages=FEW, mix={"size": 3})
    assert said(run).count("done before") == FEW.index("mix")
    assert run.state.counts("publish").rows_out == 3


@pytest.mark.parametrize(
    ("sections", "error", "why"),
    [
        ({"source": {"adapter": "alpaca"}}, InputError, "none of the 9 records looked at can be read as alpaca"),
        (
            {"stages": ["standardise", "validate", "safety", "mix", "publish"]},
            ConfigError,
            "validate must not run before",
        ),
        ({"mix": {"category": {"shares": {"ocr": 0.5}}}}, ConfigError, r"shares add up to 0\.5, not to 1"),
        ({"mix": {"source": {"floors": {"other": 0.5}}}}, ConfigError, "'other', which is none of the sources"),
    ],
)
def test_what_can_lead_nowhere_is_refused_before_any_work(
    chain: Chain, tmp_path: pathlib.Path, sections: dict[str, Any], error: type[EvenweaveError], why: str
) -> None:
    with pytest.raises(error, match=why):
        chain(**sections)
    assert not (tmp_path / "run" / "rows").exists()


@pytest.mark.slow
def test_boxes_of_which_nobody_says_how_they_are_written(
    chain: Chain, sets: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    turns = asked("<image>Where?", "[0.1, 0.2, 0.5, 0.9]")
    write_lines(sets / "set.jsonl", [{"conversations": turns, "image": "red.jpg"}])
    with pytest.raises(InputError, match="Set coordinates"):
        chain(stages=FEW)
    assert not (tmp_path / "run" / "rows").exists()
    run = chain(stages=FEW, source={"coordinates": {"unit": "0-1", "order": "xyxy", "frame": "upright"}})
    assert run.state.counts("publish").rows_out == 1
    (tar,) = (tmp_path / "run" / "mixture" / "train").glob("*.tar")
    assert b"[100, 200, 500, 900]" in tar.read_bytes()
