"""train-tiny: corpus, packs, a tiny model through all three stages, its export, and what it has learnt; on a CPU.

    python -m pipelines.train_tiny [OUTPUT]

Running it again goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from rich.console import Console
from rich.text import Text
from transformers import PreTrainedTokenizerFast

from model.architecture.configuration import config_from_yaml
from model.architecture.processing import build_processor
from model.checkpoints.hub import load_model
from model.checkpoints.initialise import initialise
from model.checkpoints.processor_files import save_processor
from model.evaluation import answers, held_out_loss
from model.train import train
from model.training.exporting import lmms_eval_command
from pipelines import pack
from pipelines.engine.choice import choose_engine
from pipelines.pack_settings import PackJobSettings
from pipelines.packaged_configs import CONFIGS
from transforms.miniature.corpus import write_shard
from transforms.miniature.questions import attribute_question, write_questions
from transforms.miniature.settings import MiniatureSettings
from transforms.packing.documents.image_tokens import PixelLimits
from transforms.storage import StoragePath

TOKENIZER = os.path.join(CONFIGS, "tokenizer", "tiny")
STAGES = ("stage1", "stage1.5", "stage2")
LIMITS = PixelLimits(28 * 28, 112 * 112)  # sixteen tokens a picture
_PACK_TOKENS = 1024
_CAPTIONS, _QUESTIONS, _HELD_OUT = 1000, 3000, 200


def run(output: str, console: Console | None = None) -> float:
    """Everything, below ``output``; returns the share of held-out questions that are answered right."""
    console = console or Console()
    root = StoragePath.of(output)
    build_packs(root, console)
    stage0 = str(root / "stage0")
    if not os.path.isdir(stage0):
        write_stage0(stage0)
    before = stage0
    for stage in STAGES:
        folder = str(root / stage)
        console.rule(f"stage {stage.removeprefix('stage')}")
        packs = str(root / ("packs-answers" if stage == "stage2" else "packs-captions"))
        config = os.path.join(CONFIGS, "train", f"tiny-{stage}.yaml")
        places = {"output": folder, "model": before, "data.packs": [packs]}
        if not train(config, [f"{key}={json.dumps(value)}" for key, value in places.items()]):
            sys.exit(75)
        before = os.path.join(folder, "model")
    return judge(root, before, console)


def build_packs(root: StoragePath, console: Console) -> None:
    """Draw captioned pictures, and questions to learn from and to be judged by, and pack each."""
    corpus = root / "corpus"
    captions = MiniatureSettings(images=_CAPTIONS, images_per_shard=500, seed=3)
    if not (corpus / "drawn").is_file():
        for shard in range(captions.shards):
            write_shard(corpus, shard, captions)
        write_questions(corpus / "questions", (attribute_question(4, index) for index in range(_QUESTIONS)))
        write_questions(corpus / "held-out", (attribute_question(5, index) for index in range(_HELD_OUT)))
        (corpus / "drawn").write_text("")
    pack_pictures(root / "packs-captions", "webdataset", corpus / "shards", console)
    pack_pictures(root / "packs-answers", "conversations", corpus / "questions" / "records.jsonl", console)
    pack_pictures(root / "packs-held-out", "conversations", corpus / "held-out" / "records.jsonl", console)


def pack_pictures(output: StoragePath, source_format: str, path: StoragePath, console: Console) -> None:
    """Pack one source as the tiny model takes it, unless it is there."""
    limits = {"image_min_pixels": LIMITS.min_pixels, "image_max_pixels": LIMITS.max_pixels}
    source = {"name": "pictures", "format": source_format, "path": str(path), "verify_images": True}  # some are damaged
    settings = {
        "output": str(output),
        "sources": [source],
        "pack": {"tokenizer": TOKENIZER, "pack_tokens": _PACK_TOKENS, **limits},
    }
    job = PackJobSettings.model_validate(settings)
    pack.run(job, choose_engine(job.runner), console)


def write_stage0(folder: str, seed: int = 0) -> None:
    """The tiny model with random weights, its processor set to the size of these pictures."""
    file = os.path.join(TOKENIZER, "tokenizer.json")
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=file, pad_token="<|endoftext|>", eos_token="<|im_end|>")
    initialise(config_from_yaml(os.path.join(CONFIGS, "model", "tiny.yaml")), tokenizer, folder, seed)
    save_processor(build_processor(tokenizer, LIMITS), folder)
    shutil.copyfile(file, os.path.join(folder, "tokenizer.json"))  # the one that packs are made with


def judge(root: StoragePath, folder: str, console: Console) -> float:
    """Load the export again; print its loss and answers on held-out questions, and how lmms-eval is called."""
    console.rule("held-out questions")
    packs = str(root / "packs-held-out")
    losses = [held_out_loss(load_model(path), packs) for path in (str(root / "stage0"), folder)]
    given = answers(load_model(folder), folder, packs, most=_HELD_OUT)
    right = sum(answer.is_right for answer in given) / len(given)
    wanted = [answer.wanted for answer in given]
    guess = max(wanted.count(answer) for answer in set(wanted)) / len(wanted)
    for answer in given[:4]:
        console.print(Text(f"  {answer.question}  {answer.given!r}, right is {answer.wanted!r}"))
    console.print(Text(f"loss {losses[0]:.3f} before training, {losses[1]:.3f} after"))
    console.print(Text(f"right to the letter: {right:.1%} of {len(given)}; always the commonest answer: {guess:.1%}"))
    console.print(Text(f"on public tasks (needs lmms-eval):\n  {lmms_eval_command(folder)}"), soft_wrap=True)
    return right


def main(arguments: list[str]) -> None:
    run(arguments[0] if arguments else "runs/tiny")


if __name__ == "__main__":
    main(sys.argv[1:])
