"""``python -m model.train`` as torchrun starts it: it ends as ``evenweave train`` does."""

from __future__ import annotations

import pathlib
import sys

import pytest
import yaml

from model.errors import BatchError, ModelError
from model.train import main
from pipelines.main import main as evenweave
from tests.model.tiny_runs import settings_of
from transforms.errors import EvenweaveError


@pytest.mark.parametrize(
    ("packs", "override", "message"),
    [
        ("packs", "steps=none", "1 fault(s) in "),
        ("packs", "batch=7.5", "1 fault(s) in "),
        ("[red]packs", "steps=1", "[red]packs"),  # square brackets are no markup
    ],
    ids=["configuration", "section", "packs"],
)
def test_errors_are_printed_as_evenweave_does(
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    packs: str,
    override: str,
    message: str,
) -> None:
    """One message whatever raised it, the settings or the packs; no traceback, and the status of a user's error."""
    model = pathlib.Path(__file__).parents[2] / "configs" / "tokenizer" / "tiny"
    start = {"model": str(model), "packs": str(tmp_path / packs)}
    config = tmp_path / "train.yaml"
    config.write_text(yaml.safe_dump(settings_of(start, tmp_path / "out")))
    assert main([str(config), override]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ") and message in printed.err and printed.out == ""
    monkeypatch.setattr(sys, "argv", ["evenweave", "train", str(config), "--set", override])
    with pytest.raises(SystemExit) as ended:
        evenweave()
    assert ended.value.code == 2 and capsys.readouterr() == printed


def test_without_a_configuration_it_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2 and "usage: " in capsys.readouterr().err


def test_errors_are_of_the_project_and_as_transformers_raises_them() -> None:
    assert issubclass(ModelError, EvenweaveError) and issubclass(BatchError, ValueError)
