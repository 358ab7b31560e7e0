"""What the command line prints is what was written, whatever is in it."""

from __future__ import annotations

import pathlib
import sys

import pytest
from PIL import Image

from pipelines import main as command_line
from transforms.run_folder import RunFolder, RunState
from transforms.stages import CHAIN, VOCABULARY
from transforms.storage import StoragePath


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["evenweave", *arguments])
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("name", ["[red].yaml", "[/red].yaml", "[abc]:dog:[link=x].yaml", "a[[b]\\[c].yaml"])
def test_an_error_keeps_brackets_and_colons(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    assert run(["build", str(path)], monkeypatch) == 2
    assert f"error: no configuration file at {path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("output=''", "output: String should have at least 1 character"),
        ("max_reject_share=.nan", "max_reject_share: Input should be a finite number"),
        ("balance.raking.stiffness=.inf", "balance.raking.stiffness: Input should be a finite number"),
        ("output=2020-13-45", "'2020-13-45' cannot be read as timestamp (month must be in 1..12); put text in quotes"),
        ("output={a: 1, a: 2}", "key 'a' was given on line 1 already"),
        ('output="\\ud800"', "holds a zero or a lone surrogate"),
    ],
)
def test_a_faulty_override_is_answered_without_a_traceback(
    override: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = pathlib.Path(__file__).parents[2] / "configs" / "build" / "mini.yaml"
    never = "sources.0.format=none"  # so that no build begins, whatever becomes of the other
    assert run(["build", str(config), "--set", override, "--set", never], monkeypatch) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("output", ["2024", "yes", "a: b", "null", "[x", "1e3", "ö"])
def test_an_output_is_a_name_whatever_yaml_would_make_of_it(
    output: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = pathlib.Path(__file__).parents[2] / "configs" / "build" / "mini.yaml"
    monkeypatch.chdir(tmp_path)
    RunState.open(RunFolder(StoragePath.of(output), "f" * 16), {}, {})  # of other settings
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (40, 40)).save(tmp_path / "photos" / "a.png")
    for job in ("build", "balance"):
        assert run([job, str(config), "--output", output, "--input", "photos"], monkeypatch) == 2
        said = capsys.readouterr().err
        assert f"{tmp_path / output} was begun with other settings" in said
        assert "No stage of it is finished." in said


@pytest.mark.parametrize("job", ["build", "plan"])
def test_what_is_to_be_filled_in_is_named_before_work(
    job: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([job, "build/85m.yaml"], monkeypatch) == 2
    said = capsys.readouterr().err
    assert "sources.0.path: gs://YOUR-BUCKET/raw/imagenet21k" in said and "vocabulary.path: gs://YOUR-BUCKET" in said


def test_input_takes_the_place_of_sources_whole(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["build", "build/mini.yaml", "--input", str(tmp_path), "--set", "sources.0.language=zh"]
    assert run(asked, monkeypatch) == 2
    assert "--input" in (said := capsys.readouterr().err) and "evenweave init FOLDER" in said


@pytest.mark.parametrize("stage", [stage.name for stage in CHAIN])
def test_each_stage_alone_takes_what_build_takes(
    stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = ["run"] if stage == VOCABULARY.name else []  # a group, whose own job is the stage
    assert run([stage, *own, "--help"], monkeypatch) == 0
    said = capsys.readouterr().out
    assert all(option in said for option in ("--input", "--output", "--accept-changed", "--set"))
