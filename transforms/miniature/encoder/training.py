"""Train the tiny encoder on pictures of other seeds than the corpus.

    python -m transforms.miniature.encoder.training

Each picture's true concepts are known, so every step scores every picture against the prompts of all concepts, with
the pairwise sigmoid loss of SigLIP (Zhai et al. 2023, https://arxiv.org/abs/2303.15343) on cosines: what makes one
threshold fit all concepts. A contrastive loss on captions (Radford et al. 2021, https://arxiv.org/abs/2103.00020)
ties whole sentences, English and Chinese, to pictures. The result is a plain CLIP model.

Processes of one thread each share the work: on a few busy cores they wait for each other less than threads do.

Shape legend: B pictures a process, C concepts, D embedding width, T tokens.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
import yaml
from numpy.typing import NDArray
from PIL import Image
from torch.multiprocessing.spawn import spawn
from torch.nn import functional as F  # noqa: N812 (its usual name)

from transforms.miniature.captions import caption
from transforms.miniature.concepts import CONCEPTS
from transforms.miniature.encoder import zero_shot
from transforms.miniature.encoder.model import (
    IMAGE_SIZE,
    TRAINING_PROMPTS,
    WEIGHTS,
    load,
    write_config,
    write_tokenizer,
    write_weights,
)
from transforms.miniature.pictures.drawing import picture_of
from transforms.miniature.pictures.scenes import generator, scene_of

CONFIGS = Path(__file__).parents[3] / "configs"
TRAINING_SEED = 1001  # the corpus is drawn from other seeds
TESTING_SEED = 2002
TESTING_PICTURES = 4000
_EXPONENT = 0.3  # flattens the concepts' frequencies: the head is 5 times as common as the tail, not 170 times
_CAPTIONED = 32  # pictures a step whose captions are compared
_CAPTION_LOSS_SHARE = 0.2
_CHINESE_SHARE = 0.25
_LARGEST_SHIFT = 4  # pixels; pictures are moved a little, so that few of them go further
_LEARNING_RATE = 3e-3
_WEIGHT_DECAY = 0.02
_WARM_UP_SHARE = 0.05
#: A picture of six concepts has a cosine of at most 1/√6 with each: the logit must be positive there.
_FIRST_SCALE, _FIRST_BIAS = 12.0, -6.0


def _pixels(index: int) -> NDArray[np.uint8]:
    """(size, size, 3): as open_clip's preprocessing resizes it."""
    picture = picture_of(TRAINING_SEED, index, _EXPONENT)[1]
    return np.asarray(picture.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC))


def draw_pictures(path: Path, pictures: int, processes: int) -> None:
    """Draw the training pictures once, into one array on disk."""
    if path.exists():
        return
    partial = path.with_suffix(".partial")
    store = np.lib.format.open_memmap(partial, "w+", np.uint8, (pictures, IMAGE_SIZE, IMAGE_SIZE, 3))
    with ProcessPoolExecutor(processes) as pool:
        for index, pixels in enumerate(pool.map(_pixels, range(pictures), chunksize=100)):
            store[index] = pixels
    store.flush()
    partial.rename(path)


class Texts:
    """Token ids of everything that pictures are compared with, cut to the longest of a batch."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        #: (prompts, C, T): every concept in every prompt, and by its Chinese name
        self._concepts = torch.stack(
            [tokenizer([prompt.format(concept.name) for concept in CONCEPTS]) for prompt in TRAINING_PROMPTS]
            + [tokenizer([concept.chinese for concept in CONCEPTS])]
        )

    def concepts(self, rng: np.random.Generator) -> torch.Tensor:
        """(C, T), each in a prompt of its own."""
        choice = torch.from_numpy(rng.integers(len(self._concepts), size=len(CONCEPTS)))
        return _trimmed(self._concepts[choice, torch.arange(len(CONCEPTS))])

    def captions(self, indices: NDArray[np.int64], rng: np.random.Generator) -> torch.Tensor:
        chinese = rng.random(len(indices)) < _CHINESE_SHARE
        scenes = (scene_of(TRAINING_SEED, int(index), _EXPONENT) for index in indices)
        return _trimmed(self._tokenizer([caption(s, bool(c), rng) for s, c in zip(scenes, chinese, strict=True)]))


def _trimmed(tokens: torch.Tensor) -> torch.Tensor:
    return tokens[:, : int((tokens != 0).sum(1).max())]


def _targets(pictures: int) -> NDArray[np.bool_]:
    """(pictures, C): which concepts are true."""
    number = {concept.name: i for i, concept in enumerate(CONCEPTS)}
    targets = np.zeros((pictures, len(CONCEPTS)), np.bool_)
    for index in range(pictures):
        targets[index, [number[c.name] for c in scene_of(TRAINING_SEED, index, _EXPONENT).concepts]] = True
    return targets


def _image_batch(store: NDArray[np.uint8], indices: NDArray[np.int64], rng: np.random.Generator) -> torch.Tensor:
    """(B, 3, size, size) in [-1, 1], each moved by a few pixels."""
    padded = np.pad(store[indices], ((0, 0), (_LARGEST_SHIFT,) * 2, (_LARGEST_SHIFT,) * 2, (0, 0)), mode="edge")
    shifts = rng.integers(2 * _LARGEST_SHIFT + 1, size=(len(indices), 2))
    moved = [image[y : y + IMAGE_SIZE, x : x + IMAGE_SIZE] for image, (y, x) in zip(padded, shifts, strict=True)]
    return torch.from_numpy(np.stack(moved)).permute(0, 3, 1, 2).float() / 127.5 - 1  # channels last in memory


class Loss:
    """The loss of a batch; owns what training needs beside a plain CLIP."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._causal_mask = model.text.attn_mask
        #: few concepts are true of a picture; learned, then left out of the weights
        self.bias = torch.nn.Parameter(torch.tensor(_FIRST_BIAS))

    def __call__(
        self, images: torch.Tensor, targets: torch.Tensor, prompts: torch.Tensor, captions: torch.Tensor
    ) -> torch.Tensor:
        """(B, 3, size, size) pictures, (B, C) truth, (C, T) prompts, and captions of the first pictures."""
        scale = self._model.logit_scale.exp()
        pictures = self._model.encode_image(images, normalize=True)
        logits = scale * pictures @ self._encode_text(prompts).T + self.bias
        by_concept = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / len(images)
        similarity = scale * pictures[: len(captions)] @ self._encode_text(captions).T
        same = torch.arange(len(captions))
        by_caption = (F.cross_entropy(similarity, same) + F.cross_entropy(similarity.T, same)) / 2
        return by_concept + _CAPTION_LOSS_SHARE * by_caption

    def _encode_text(self, tokens: torch.Tensor) -> Any:
        length = tokens.shape[1]  # open_clip's mask is made for the full context, most of which would be padding
        self._model.text.attn_mask = self._causal_mask[:length, :length]
        return self._model.encode_text(tokens, normalize=True)


def _share_gradients(parameters: list[torch.nn.Parameter], processes: int) -> None:
    flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= processes
    offset = 0
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.copy_(flat[offset : offset + parameter.numel()].view_as(parameter))
            offset += parameter.numel()


def _learning_rate_at(step: int, steps: int) -> float:
    """Share of the full rate: linear warm-up, then a cosine to zero."""
    warm_up = max(1, int(_WARM_UP_SHARE * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def _train(rank: int, options: argparse.Namespace) -> None:
    """One process's part of the training; the first one writes the weights."""
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(options.port))
    dist.init_process_group("gloo", rank=rank, world_size=options.processes)
    torch.set_num_threads(1)
    torch.manual_seed(TRAINING_SEED)
    model, _, tokenizer = load(options.output)
    model.train().to(memory_format=torch.channels_last)
    loss_of = Loss(model)
    with torch.no_grad():
        model.logit_scale.fill_(math.log(_FIRST_SCALE))
    parameters = [*(p for p in model.parameters() if p.requires_grad), loss_of.bias]
    decayed = [p for p in parameters if p.ndim > 1]
    plain = [p for p in parameters if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": _WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}],
        lr=_LEARNING_RATE,
        betas=(0.9, 0.98),
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, functools.partial(_learning_rate_at, steps=options.steps))
    store, targets, texts = np.load(options.pictures_file, mmap_mode="r"), _targets(options.pictures), Texts(tokenizer)
    start, running = time.perf_counter(), 0.0
    for step in range(options.steps):
        rng = generator(TRAINING_SEED, f"step {step}", rank)
        indices = np.sort(rng.integers(options.pictures, size=options.batch))
        rng.shuffle(indices)
        loss = loss_of(
            _image_batch(store, indices, rng),
            torch.from_numpy(targets[indices]).float(),
            texts.concepts(rng),
            texts.captions(indices[:_CAPTIONED], rng),
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        _share_gradients(parameters, options.processes)
        torch.nn.utils.clip_grad_norm_(parameters, 2.0)
        optimizer.step()
        schedule.step()
        running += (float(loss.detach()) - running) / min(step + 1, 50)
        if rank == 0 and step % 50 == 49:
            print(
                f"step {step + 1}/{options.steps}  loss {running:.3f}  {time.perf_counter() - start:.0f} s  "
                f"scale {float(model.logit_scale.detach().exp()):.1f}  bias {float(loss_of.bias.detach()):.1f}",
                flush=True,
            )
            if step % 250 == 249:
                write_weights(options.output, model)
    if rank == 0:
        write_weights(options.output, model)
    dist.destroy_process_group()


def evaluate(folder: Path, pictures: int = TESTING_PICTURES) -> dict[str, Any]:
    """Zero-shot measures on unseen pictures, drawn as the corpus is."""
    model, preprocess, tokenizer = load(folder)
    prompts = yaml.safe_load((CONFIGS / "vocabulary" / "mini.yaml").read_text())["prompts"]
    scores, truth = zero_shot.scores_and_truth(model, preprocess, tokenizer, prompts, TESTING_SEED, pictures)
    return {
        "pictures": pictures,
        "seed": TESTING_SEED,
        "parameters": sum(p.numel() for p in model.parameters()),
        "measured": zero_shot.measures(scores, truth),
        "chance": zero_shot.chance(truth),
        "threshold": zero_shot.best_threshold(scores, truth),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=CONFIGS / "encoder" / "tiny")
    parser.add_argument("--pictures", type=int, default=48_000, help="distinct training pictures")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=128, help="pictures a step and process")
    parser.add_argument("--processes", type=int, default=2, help="other numbers train other weights")
    parser.add_argument("--port", type=int, default=29517, help="where the processes meet")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    options.pictures_file = Path(tempfile.gettempdir()) / f"evenweave-tiny-{TRAINING_SEED}-{options.pictures}.npy"
    draw_pictures(options.pictures_file, options.pictures, options.processes)
    write_config(options.output, write_tokenizer(options.output, TRAINING_SEED))
    (options.output / WEIGHTS).unlink(missing_ok=True)  # training begins from nothing
    start = time.perf_counter()
    spawn(_train, (options,), nprocs=options.processes)  # type: ignore[no-untyped-call]
    metrics = {"steps": options.steps, "training_secs": round(time.perf_counter() - start), **evaluate(options.output)}
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()
