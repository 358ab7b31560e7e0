"""train-tiny: corpus, instruction mixture, packs, a tiny model through all three stages, its export, and what it has
learnt; on a CPU.

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
from pipelines.instruct.chain import instruct
from pipelines.instruct.run import InstructRun
from pipelines.instruct.settings import InstructSettings
from pipelines.pack_settings import PackJobSettings
from pipelines.packaged_configs import CONFIGS
from transforms.instruct.mixing.about import TRAIN
from transforms.miniature.corpus import write_shard
from transforms.miniature.instruct.corpus import write_corpus
from transforms.miniature.instruct.declared import declared_sources
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.miniature.questions import attribute_question, write_questions
from transforms.miniature.settings import MiniatureSettings
from transforms.packing.documents.image_tokens import PixelLimits
from transforms.stages import INSTRUCT_DEFAULT, PUBLISH, TEMPLATES
from transforms.storage import StoragePath

TOKENIZER = os.path.join(CONFIGS, "tokenizer", "tiny")
STAGES = ("stage1", "stage1.5", "stage2")
LIMITS = PixelLimits(28 * 28, 112 * 112)  # sixteen tokens a picture
_PACK_TOKENS = 1024
_CAPTIONS, _QUESTIONS, _HELD_OUT = 500, 2000, 100
_ROWS = 600  # of the embedded instruction sets, twelve of them
_THINGS_SHARE = 0.85  # of what is learnt, in tokens: questions about one thing, which a million parameters can answer


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
        packs = str(root / ("packs-mixture" if stage == "stage2" else "packs-captions"))
        config = os.path.join(CONFIGS, "train", f"tiny-{stage}.yaml")
        places = {"output": folder, "model": before, "data.packs": [packs]}
        if not train(config, [f"{key}={json.dumps(value)}" for key, value in places.items()]):
            sys.exit(75)
        before = os.path.join(folder, "model")
    return judge(root, before, console)


def build_packs(root: StoragePath, console: Console) -> None:
    """Draw captioned pictures, instruction sets, and questions to be judged by; mix the sets, and pack each."""
    corpus = root / "corpus"
    captions = MiniatureSettings(images=_CAPTIONS, images_per_shard=250, seed=3)
    if not (corpus / "drawn").is_file():
        for shard in range(captions.shards):
            write_shard(corpus, shard, captions)
        write_questions(corpus / "questions", (attribute_question(4, index) for index in range(_QUESTIONS)))
        write_questions(corpus / "held-out", (attribute_question(5, index) for index in range(_HELD_OUT)))
        write_corpus(corpus / "instruct", InstructCorpusSettings(rows=_ROWS))
        (corpus / "drawn").write_text("")
    settings = mixture_settings(root / "mixture", corpus)
    instruct(InstructRun(settings, choose_engine(settings.runner), console))
    pack_pictures(root / "packs-captions", "webdataset", corpus / "shards", console)
    pack_pictures(root / "packs-mixture", "mixture", root / "mixture" / PUBLISH.writes[0] / TRAIN, console)
    pack_pictures(root / "packs-held-out", "conversations", corpus / "held-out" / "records.jsonl", console)


def mixture_settings(output: StoragePath, corpus: StoragePath) -> InstructSettings:
    """The chain over the embedded sets and one more; what the model is judged by is a benchmark to be kept out."""
    things = {
        "name": "one-thing",
        "path": str(corpus / "questions" / "records.jsonl"),
        "adapter": "messages",
        "license": "CC0-1.0",
    }
    lists = corpus / "instruct" / "lists"
    held_out = {"name": "held-out", "path": str(corpus / "held-out" / "records.jsonl"), "adapter": "messages"}
    values = {
        "output": str(output),
        # as it is without settings, but for one: other wordings of a question are more than a tiny model can learn
        "stages": [stage.name for stage in INSTRUCT_DEFAULT if stage is not TEMPLATES],
        "sources": [things, *(one.model_dump() for one in declared_sources(corpus / "instruct"))],
        "safety": {
            "blocked_words": {"paths": {code: str(lists / f"blocked_words_{code}.txt") for code in ("en", "zh")}},
            "hash_lists": {"listed": {"path": str(lists / "md5.txt"), "kind": "md5"}},
        },
        # hundreds of pictures are asked the same in the same words: no crops are looked for among them
        "duplicates": {"max_cropped_distance": 0},
        "split": {"validation": 0.02},
        "decontaminate": {"benchmarks": [held_out], "canaries": 2, "max_asked_hash_distance": 6},
        "mix": {"unit": "loss_tokens", "tokenizer": TOKENIZER, "source": {"floors": {things["name"]: _THINGS_SHARE}}},
        "publish": {"name": "tiny"},
        "max_reject_share": 0.5,  # the embedded sets are faulty on purpose
    }
    return InstructSettings.model_validate(values)


def pack_pictures(output: StoragePath, source_format: str, path: StoragePath, console: Console) -> None:
    """Pack one source as the tiny model takes it, unless it is there."""
    limits = {"image_min_pixels": LIMITS.min_pixels, "image_max_pixels": LIMITS.max_pixels}
    source = {"name": "pictures", "format": source_format, "path": str(path), "verify_images": True}  # some are damaged
    sizes = {"pack_tokens": _PACK_TOKENS, "over_long": "split_at_turns"}  # a byte is a token to Chinese
    settings = {
        "output": str(output),
        "sources": [source],
        "pack": {"tokenizer": TOKENIZER, **sizes, **limits},
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
