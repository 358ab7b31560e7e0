"""What README says is so: its figures are those that were kept, its commands are there, its examples run."""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
import typer
import webdataset
import yaml

from evenweave import open_run
from pipelines.build_settings import BuildSettings
from pipelines.main import app
from tests.benchmarks.readme_figures import PARTS, README, ROOT, filled
from tests.integration.conftest import evenweave
from tests.transforms.exporting.finished_small_run import finished_small_run
from tests.transforms.exporting.small_run import FINGERPRINT, draw_tars
from transforms.configuration import load_settings
from transforms.miniature.questions import named_picture
from transforms.rejects import Counts

TEXT = README.read_text(encoding="utf-8")
COMING = {"verify"}  # named on the page, and not there yet


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def commands(program: str) -> list[list[str]]:
    """Arguments of each command of the consoles that runs ``program``."""
    whole = [block.replace("\\\n", "") for block in blocks("console")]  # lines that go on in the next
    lines = [shlex.split(line[2:], comments=True) for block in whole for line in block.splitlines()]
    return [words[1:] for words in lines if words[0] == program]


def test_the_figures_are_those_that_were_kept() -> None:
    assert filled(TEXT) == TEXT, "results have changed: run `python -m tests.benchmarks.readme_figures`"


def test_a_figure_that_was_not_kept_is_found() -> None:
    assert filled(TEXT.replace("| 0.27 |", "| 0.72 |")) == TEXT
    with pytest.raises(ValueError, match="no single place for how fast"):
        filled(TEXT.replace("<!-- how fast -->", ""))
    assert all(f"<!-- {name} -->" in TEXT for name in PARTS)


def test_the_targets_of_make_are_there() -> None:
    named = commands("make") + [shlex.split(line)[1:] for line in re.findall(r"`(make [\w-]+)`", TEXT)]
    assert len(named) > len(commands("make")) > 2
    for arguments in named:
        subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, check=True, capture_output=True, timeout=60)


def test_the_commands_take_what_they_are_given(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "build.yaml").touch()  # what `init` would have written
    command = typer.main.get_command(app)
    shown = commands("evenweave") + [shlex.split(line)[1:] for line in re.findall(r"`(evenweave \w+ [^`]+)`", TEXT)]
    assert len(shown) > len(commands("evenweave")) > 2
    for name, *arguments in shown:
        if name in COMING - set(command.commands):  # type: ignore[attr-defined]
            continue
        given = ["build/mini.yaml" if word in ("CONFIG", "my.yaml") else word for word in arguments]
        command.commands[name].make_context(name, given).close()  # type: ignore[attr-defined]


def test_torchrun_is_given_files_that_are_there() -> None:
    [arguments] = commands("torchrun")
    assert arguments[-3:-1] == ["-m", "model.train"]
    assert (ROOT / "model" / "train.py").is_file() and (ROOT / arguments[-1]).is_file()


def test_settings_are_as_the_configuration_takes_them() -> None:
    examples = [yaml.safe_load(block) for block in blocks("yaml")]
    assert examples
    for example in examples:
        values = yaml.safe_load((ROOT / "configs" / "build" / "mini.yaml").read_text())
        for section, settings in example.items():
            values[section] = {**values[section], **settings} if isinstance(settings, dict) else settings
        BuildSettings.model_validate(values)


#: What must be so when the example that imports this module has run, in the folder of the small run.
OUTCOMES = {
    "evenweave": "assert run.stages['annotate'].counts.rejects == {'empty_image': 37}\n"
    "assert len(run.selection()) == 22 and len(annotations) == 45 and len(list(run.webdataset())) == 33",
    "webdataset": "assert sample['jpg'] and sample['txt'] and sample['json']",
    "datasets": "assert {l for row in rows for l, text in row['json']['captions'].items() if text} == {'en', 'zh'}",
    "megatron": "assert batch.image.shape[0] == len(batch.caption) == 1 and batch.caption[0]",
}


def example_of(module: str) -> str:
    [example] = [block for block in blocks("python") if re.match(rf"(import|from) {module}\b", block)]
    return example


def test_every_example_is_run() -> None:
    assert {re.split(r"[\s.]", block)[1] for block in blocks("python")} == set(OUTCOMES)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a small run where the examples look for it."""
    folder = tmp_path_factory.mktemp("readme")
    sources = [draw_tars(folder / "raw", 3, 15)]
    run = finished_small_run(folder / "runs" / "mini", sources, "raked", name="mini", samples_per_shard=6, seed=1)
    finished_small_run(folder / "runs" / "other", sources, "uniform", name="mini", samples_per_shard=6, seed=1)
    assert open_run(folder / "runs" / "mini").fingerprint == FINGERPRINT
    shards = sorted(run.shards.glob("mini-*.tar"))
    assert len(shards) == 6
    first = webdataset.WebDataset(str(shards[0]), shardshuffle=False).decode()
    assert {language for sample in first for language in sample["json"]["captions"]} == {"en"}  # what some guess from
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("module", OUTCOMES)
def test_the_example_runs(module: str, place: pathlib.Path) -> None:
    code = f"{example_of(module)}\n{OUTCOMES[module]}\n"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HOME": str(place / "hub")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_images_of_ones_own(tmp_path: pathlib.Path) -> None:
    """As the page has it, with fewer pictures, up to where an encoder would be downloaded."""
    (tmp_path / "photos").mkdir()
    for index in range(40):
        jpeg, _ = named_picture(31, index)
        (tmp_path / "photos" / f"{index}.jpg").write_bytes(jpeg)
    [given] = [arguments for arguments in commands("make") if any(word.startswith("INPUT=") for word in arguments)]
    size = ["N=10" if word.startswith("N=") else word for word in given]
    made = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", *size], cwd=ROOT, check=True, capture_output=True, text=True
    )
    evenweave(*shlex.split(made.stdout.splitlines()[-1])[1:], folder=tmp_path)
    assert open_run(tmp_path / "runs" / "photos").stages["export"].counts == Counts(10, 10)
    for arguments in commands("evenweave"):
        if arguments[0] == "init":
            evenweave(*arguments, folder=tmp_path)
    assert load_settings(str(tmp_path / "mine" / "build.yaml"), BuildSettings).sources[0].format == "folder"
