"""The configuration of training: what is refused, what can be overridden, and the shipped recipes."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from model.errors import TrainingError
from model.training.settings import BatchSettings, TrainSettings
from tests.model.tiny_runs import ROOT, settings_of
from transforms.configuration import load_settings
from transforms.errors import ConfigError

RECIPES = sorted((ROOT / "configs" / "train").glob("*.yaml"))


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "train.yaml"
    path.write_text(yaml.safe_dump(settings_of({"model": "../model", "packs": "./packs"}, "out")))
    return path


def test_paths_and_overrides(file: pathlib.Path) -> None:
    overrides = ["steps=7", "optimizer.learning_rates.vision=null", "data.weights=[1]"]
    settings = load_settings(str(file), TrainSettings, overrides)
    assert settings.steps == 7 and settings.optimizer.learning_rates.vision is None and settings.data.weights == [1]
    assert settings.model == str(file.parent.parent / "model")
    assert settings.data.packs == [str(file.parent / "packs")] and settings.output == "out"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("batch.pakcs=3", "batch.pakcs: unknown key"),
        ("steps=0", "steps: .*greater than or equal to 1"),
        ("steps", "write it as key=value"),
        ("steps.more=1", "steps holds a single value"),
        ("optimizer.learning_rates={vision: null, merger: null, language: null}", "every part is frozen"),
        ("lora={rank: 2, alpha: 4, targets: [q_proj], unknown: 1}", "lora.unknown: unknown key"),
        ("lora={rank: 2, alpha: 4, targets: [q_proj]}", "set vision and merger to null"),
        ("parallel.compute_dtype=float16", "'bfloat16' or 'float32'"),
    ],
)
def test_faults_name_the_key(file: pathlib.Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings(str(file), TrainSettings, [override])


def test_what_is_no_configuration(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        load_settings(str(tmp_path / "none.yaml"), TrainSettings)
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(ConfigError, match="must be a mapping"):
        load_settings(str(tmp_path / "list.yaml"), TrainSettings)


def test_a_batch_is_shared_out_evenly() -> None:
    assert BatchSettings(packs=24, packs_per_micro_batch=3).accumulation(4) == 2
    with pytest.raises(TrainingError, match=r"batch.packs is 24, which 5 process.* a multiple of 15"):
        BatchSettings(packs=24, packs_per_micro_batch=3).accumulation(5)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_are_valid_and_every_key_says_why(path: pathlib.Path) -> None:
    load_settings(str(path), TrainSettings)
    bare = [
        line
        for line in path.read_text().splitlines()
        if ": " in line and not line.lstrip().startswith("#") and "#" not in line
    ]
    assert not bare, bare


def test_recipes_of_the_publication_are_here() -> None:
    names = {path.stem for path in RECIPES}
    assert {f"{stage}-{size}" for stage in ("stage1", "stage1.5", "stage2") for size in ("4b", "8b")} <= names
    assert {"lora-8b", "tiny-stage1", "tiny-stage1.5", "tiny-stage2"} <= names
