"""A shipped configuration is found from any folder; one of the user's own goes before it."""

from __future__ import annotations

import os
import pathlib

import pytest
from typer.testing import CliRunner

from pipelines.main import app
from pipelines.packaged_configs import CONFIGS, find_config, shipped_configs
from transforms.errors import ConfigError

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["configs/build/mini.yaml", "build/mini.yaml", "./configs/build/mini.yaml"])
def test_a_shipped_one_is_found(name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert os.path.samefile(find_config(name), ROOT / "configs" / "build" / "mini.yaml")


def test_one_of_ones_own_goes_first(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    assert find_config("build/mini.yaml").startswith(CONFIGS)  # a folder is no configuration
    (tmp_path / "build" / "mini.yaml").write_text("output: x\n")
    assert find_config("build/mini.yaml") == "build/mini.yaml"


def test_all_are_listed() -> None:
    files = (ROOT / "configs").rglob("*.yaml")
    assert shipped_configs() == sorted(str(file.relative_to(ROOT / "configs")) for file in files)


def test_one_that_is_not_there_is_named() -> None:
    with pytest.raises(
        ConfigError, match=r"no configuration file at .*/build/mni\.yaml.*Did you mean build/mini\.yaml"
    ):
        find_config("build/mni.yaml")
    with pytest.raises(ConfigError, match=r"there are build/85m\.yaml, .*build/mini\.yaml, "):
        find_config("zzzz")


def test_the_command_line_uses_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is found, then refused for what it holds: a training recipe is no build."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["build", "train/tiny-stage1.yaml"])
    assert isinstance(done.exception, ConfigError)
    assert "fault(s) in" in str(done.exception)
