"""Merge, pack and train by the command line, with the published recipes over tiny parts: every step of the README."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess

import pytest
import torch
import yaml

from model.checkpoints.hub import load_model
from tests.integration.conftest import ROOT, evenweave
from tests.model.tiny import write_qwen3, write_rice
from transforms.miniature.questions import attribute_question, write_questions
from transforms.storage import StoragePath

pytestmark = pytest.mark.slow

PACK_TOKENS = 512


@pytest.fixture(scope="module")
def stage0(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("parts")
    vision, text = write_rice(folder / "rice"), write_qwen3(folder / "qwen3", hidden_size=64, intermediate_size=96)
    evenweave("merge", "--vision", vision, "--text", text, "--output", folder / "stage0")
    return folder / "stage0"


@pytest.fixture(scope="module")
def packs(stage0: pathlib.Path) -> pathlib.Path:
    folder = stage0.parent
    write_questions(StoragePath.of(folder / "questions"), (attribute_question(1, index) for index in range(60)))
    config = {
        "output": str(folder / "packs"),
        "sources": [
            {"name": "answers", "format": "conversations", "path": str(folder / "questions" / "records.jsonl")}
        ],
        "pack": {"tokenizer": str(stage0), "pack_tokens": PACK_TOKENS, "image_max_pixels": 56 * 56},
    }
    (folder / "pack.yaml").write_text(yaml.safe_dump(config))
    evenweave("pack", folder / "pack.yaml")
    return folder / "packs"


def train(
    recipe: str, output: pathlib.Path, model: pathlib.Path, packs: pathlib.Path, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Of the recipe only what a processor of two cores cannot bear is changed."""
    settings = [f"output={output}", f"model={model}", f'data.packs=["{packs}"]', "data.workers=1", "steps=3"]
    settings += ["batch.packs=2", "parallel.compile_blocks=false", "checkpoint.every_steps=2"]
    overrides = [part for setting in settings for part in ("--set", setting)]
    return evenweave("train", ROOT / "configs" / "train" / f"{recipe}.yaml", *overrides, check=check)


def moved(before: pathlib.Path, after: pathlib.Path) -> set[str]:
    """Names of the weights that differ, in bfloat16, as the recipes export them."""
    old, new = (load_model(str(model)).to(torch.bfloat16).state_dict() for model in (before, after))
    assert old.keys() == new.keys()
    return {name for name in old if not old[name].equal(new[name])}


def test_stage1_moves_the_merger_alone(stage0: pathlib.Path, packs: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert "trained 3 steps" in train("stage1-4b", tmp_path / "run", stage0, packs).stdout
    learnt = moved(stage0, tmp_path / "run" / "model")
    assert learnt and all("merger" in name for name in learnt)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 3
    again = train("stage1-4b", tmp_path / "run", stage0, packs).stdout
    assert "going on after step 3" in again and "loss" not in again


def test_lora_moves_the_matrices_it_names(stage0: pathlib.Path, packs: pathlib.Path, tmp_path: pathlib.Path) -> None:
    train("lora-8b", tmp_path / "run", stage0, packs)
    learnt = {name.split(".")[-2] for name in moved(stage0, tmp_path / "run" / "model")}
    assert learnt == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_packs_of_another_tokenizer_are_refused(
    packs: pathlib.Path, stage0: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(stage0, other)
    tokenizer = json.loads((other / "tokenizer.json").read_text())
    tokenizer["model"]["merges"].pop()
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    refused = train("stage1-4b", tmp_path / "run", other, packs, check=False)
    assert refused.returncode == 2
    assert "tokenizer" in refused.stderr and "Traceback" not in refused.stderr
