"""A tiny model, a few packs, and settings to train it with: what the tests of training begin from."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import torch
import yaml
from transformers import PreTrainedTokenizerFast

from model.architecture.configuration import LlavaOnevision1_5Config
from model.checkpoints.initialise import initialise
from model.training.parallel import processes
from model.training.settings import TrainSettings
from model.training.trainer import Trainer
from tests.model.tiny import RICE, TEXT
from tests.transforms.packing.corpus import TOKENIZER, both_sources, pack_all, pack_job

ROOT = pathlib.Path(__file__).parents[2]


def write_model(folder: pathlib.Path) -> str:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(pathlib.Path(TOKENIZER) / "tokenizer.json"),
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
    )
    config = LlavaOnevision1_5Config(vision_config=RICE, text_config=TEXT | {"vocab_size": len(tokenizer)})
    initialise(config, tokenizer, str(folder))
    shutil.copyfile(pathlib.Path(TOKENIZER) / "tokenizer.json", folder / "tokenizer.json")  # packs know it by its bytes
    return str(folder)


def write_packs(folder: pathlib.Path, tars: int = 2) -> str:
    """About a dozen packs of pictures with captions, and some of text and video."""
    pack_all(pack_job(folder / "packed", both_sources(folder / "corpus", tars=tars), image_max_pixels=56 * 56 * 2))
    return str(folder / "packed")


def settings_of(start: dict[str, str], output: pathlib.Path | str, **changes: Any) -> dict[str, Any]:
    """A small run of everything; ``changes`` by dotted keys with ``__`` for the dot."""
    values: dict[str, Any] = {
        "output": str(output),
        "model": start["model"],
        "steps": 4,
        "data": {"packs": [start["packs"]], "workers": 0},
        "batch": {"packs": 2},
        "optimizer": {
            "learning_rates": {"vision": 1e-3, "merger": 1e-3, "language": 1e-3},
            "min_learning_rate": 1e-5,
            "warmup_fraction": 0.2,
            "betas": [0.9, 0.95],
            "weight_decay": 0.01,
        },
        "parallel": {"compute_dtype": "float32", "activation_checkpointing": False},
        "checkpoint": {"every_steps": 100},
        "metrics": {"every_steps": 1},
        "loss_chunk_tokens": 64,
    }
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        node = values
        for parent in parents:
            node = node[parent]
        node[last] = value
    return values


def train(values: dict[str, Any], trainer: type[Trainer] = Trainer) -> Trainer:
    """In this process; returns the trainer after its run."""
    with processes() as group:
        one = trainer(TrainSettings.model_validate(values), group)
        one.run()
        return one


def start_training(values: dict[str, Any], path: pathlib.Path, code: str) -> subprocess.Popen[str]:
    """In a process of its own, as users do; ``code`` runs first in it."""
    path.write_text(yaml.safe_dump(values))
    return start_python(path.with_suffix(".py"), f"{code}\nimport sys\nsys.exit(model.train.main([{str(path)!r}]))")


def start_python(script: pathlib.Path, code: str, *arguments: str, world_size: int = 1) -> subprocess.Popen[str]:
    """``code`` in a process of its own, or in several that torchrun starts."""
    script.write_text(code)
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world_size}"]
    command = [sys.executable, *(launcher if world_size > 1 else ()), str(script), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT
    )


def lines_of(output: pathlib.Path | str) -> list[dict[str, Any]]:
    text = (pathlib.Path(output) / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def weights_of(output: pathlib.Path | str) -> dict[str, torch.Tensor]:
    """The exported weights."""
    from safetensors.torch import load_file

    return load_file(pathlib.Path(output) / "model" / "model.safetensors")
