"""A whole training step, packed, beside the same documents padded one a row, and one by one in a plain loop.

    python -m tests.benchmarks.bench_training --config configs/model/4b.yaml     on one GPU
    python -m tests.benchmarks.bench_training                                    the tiny model, on anything

All sides do the same work: forward, backward, clipping and AdamW over the same documents, until the weights have moved.
The two others are what users of transformers write: the model's own loss with whole logits, in the compute dtype
throughout. Without a GPU the 4B step is foretold from its operations and bytes.
"""

from __future__ import annotations

import argparse
import pathlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from model.architecture.attention import segments_of
from model.architecture.configuration import LlavaOnevision1_5Config, config_from_yaml
from model.checkpoints.hub import allocate, build_on_meta
from model.training.flops import FlopCounter, peak_flops_per_sec
from model.training.loss_module import LossModule, MicroBatch
from model.training.optimizer import build_optimizer
from model.training.parallel import build_mesh, prepare_blocks, processes, shard
from model.training.settings import TrainSettings
from tests.benchmarks.harness import best_secs, keep

CONFIGS = pathlib.Path(__file__).parents[2] / "configs"
_H200_BYTES_PER_SEC = 4.8e12  # NVIDIA's data sheet
_STATE_BYTES = 3 * 4 * 2 + 2 * 4  # a parameter's weight and two moments read and written, its gradient written and read
_REACHED = 0.7  # assumed: share of the peak that products of this size reach; all else is counted
Batch = dict[str, Any]


def documents(config: LlavaOnevision1_5Config, pack_tokens: int, side: int, seed: int = 0) -> list[Batch]:
    """Pictures of ``side``×``side`` patches, a third smaller, each with 10 to 200 words; together one full pack."""
    rng, made, filled = np.random.default_rng(seed), [], 0
    vocabulary = min(config.image_token_id, config.vision_start_token_id)
    while filled < pack_tokens:
        edge = side if rng.random() < 2 / 3 else max(2, side // 4 * 2)
        shown = [
            config.vision_start_token_id,
            *[config.image_token_id] * (edge * edge // 4),
            config.vision_end_token_id,
        ]
        words = rng.integers(0, vocabulary, max(2, min(int(rng.integers(10, 200)), pack_tokens - filled - len(shown))))
        ids = torch.tensor([[*shown, *words]])
        labels = ids.clone()
        labels[:, : len(shown) + len(words) // 2] = -100
        pixels = torch.from_numpy(rng.standard_normal((edge * edge, 588), np.float32))
        grid = torch.tensor([[1, edge, edge]])
        made.append({"input_ids": ids, "labels": labels, "pixel_values": pixels, "image_grid_thw": grid})
        filled += ids.shape[1]
    return made


def packed(parts: list[Batch]) -> MicroBatch:
    lengths = torch.tensor([part["input_ids"].shape[1] for part in parts])
    segments = segments_of(lengths, "cpu")
    batch: Any = {name: torch.cat([part[name] for part in parts]) for name in _PIXELS}
    batch |= {name: torch.cat([part[name] for part in parts], dim=1) for name in ("input_ids", "labels")}
    return MicroBatch.of(
        {**batch, "cu_seq_lens_q": segments["cu_seq_lens_q"], "max_length_q": segments["max_length_q"], "keys": []}
    )


_PIXELS = ("pixel_values", "image_grid_thw")


def padded(parts: list[Batch]) -> list[Batch]:
    """One batch of a row a document, padded on the right."""
    longest = max(part["input_ids"].shape[1] for part in parts)

    def row(values: torch.Tensor, filler: int) -> torch.Tensor:
        return nn.functional.pad(values, (0, longest - values.shape[1]), value=filler)

    return [
        {
            "input_ids": torch.cat([row(part["input_ids"], 0) for part in parts]),
            "labels": torch.cat([row(part["labels"], -100) for part in parts]),
            "attention_mask": torch.cat([row(torch.ones_like(part["input_ids"]), 0) for part in parts]),
            **{name: torch.cat([part[name] for part in parts]) for name in _PIXELS},
        }
    ]


def fresh(
    config: LlavaOnevision1_5Config, dtype: torch.dtype, device: torch.device, build: Callable[[Any], Any]
) -> Any:
    """A model with random weights, small so that nothing overflows; ``build`` may shard it before it has memory."""
    model = build_on_meta(config, dtype)
    built = build(model)
    allocate(model, device)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.02)
    return built.train()


def timed(step: Callable[[], None], device: torch.device, repeats: int) -> tuple[float, float | None]:
    """Least seconds of a step, and the peak of memory on the device, in GB."""

    def whole() -> None:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    whole()  # the first compiles and allocates
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    secs = best_secs(whole, repeats)
    return secs, torch.cuda.max_memory_allocated() / 1e9 if device.type == "cuda" else None


def ours(config: LlavaOnevision1_5Config, settings: TrainSettings, part: MicroBatch, repeats: int) -> Any:
    """(seconds, peak GB) and seconds of each part of a step."""
    with processes() as group:
        mesh = build_mesh(settings.parallel, 1, group.device)

        def build(model: Any) -> nn.Module:
            prepare_blocks(model, settings.parallel)
            root = LossModule(model, settings.loss_chunk_tokens)
            shard(root, mesh, settings.parallel)
            return root

        root = fresh(config, torch.float32, group.device, build)
        optimizer = build_optimizer(root, settings.optimizer)

        def step() -> None:
            loss, _ = root(**part.arguments(group.device), step_targets=len(part.targets), step_parts=1)
            loss.backward()
            update()

        def update() -> None:
            nn.utils.clip_grad_norm_(root.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()

        return timed(step, group.device, repeats), by_part(root, part, group.device, update)


def by_part(root: Any, part: MicroBatch, device: torch.device, update: Callable[[], None]) -> dict[str, float]:
    """Seconds of each part of one more step, waiting for the device between them.

    The gradient of the tower's output is there when text and head are done, and the tower's own backward pass begins.
    """
    marks: dict[str, float] = {}

    def mark(name: str) -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()
        marks[name] = time.perf_counter()

    def tower_is_through(_module: nn.Module, _inputs: Any, output: Any) -> None:
        mark("tower forward")
        output.pooler_output.register_hook(lambda _gradient: mark("text backward"))

    model = root.model.model
    handles = [
        model.visual.register_forward_pre_hook(lambda *_: mark("tower begins")),
        model.visual.register_forward_hook(tower_is_through),
        model.language_model.register_forward_pre_hook(lambda *_: mark("text begins")),
        model.language_model.register_forward_hook(lambda *_: mark("text forward")),
    ]
    loss, _ = root(**part.arguments(device), step_targets=len(part.targets), step_parts=1)
    mark("head forward")
    loss.backward()
    mark("tower backward")
    update()
    mark("update")
    for handle in handles:
        handle.remove()
    spans = {
        "vision_forward_secs": ("tower begins", "tower forward"),
        "text_forward_secs": ("text begins", "text forward"),
        "head_forward_secs": ("text forward", "head forward"),
        "head_and_text_backward_secs": ("head forward", "text backward"),
        "vision_backward_secs": ("text backward", "tower backward"),
        "optimizer_secs": ("tower backward", "update"),
    }
    return {name: marks[end] - marks[begin] for name, (begin, end) in spans.items()}


def plain(
    config: LlavaOnevision1_5Config, settings: TrainSettings, batches: list[Batch], device: torch.device, repeats: int
) -> tuple[float, float | None]:
    dtype = getattr(torch, settings.parallel.compute_dtype)
    model = fresh(config, dtype, device, lambda model: model)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-5)
    targets = sum(int((batch["labels"][:, 1:] != -100).sum()) for batch in batches)

    def step() -> None:
        for batch in batches:
            moved = {name: value if "grid" in name else value.to(device) for name, value in batch.items()}
            model(**moved, num_items_in_batch=targets).loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return timed(step, device, repeats)


def foretold(pack_tokens: int, side: int, settings: TrainSettings) -> dict[str, float]:
    """A step of the 4B model on an H200, from its operations and the bytes that AdamW and the weights move."""
    config = config_from_yaml(str(CONFIGS / "model" / "4b.yaml"))
    part = packed(documents(config, pack_tokens, side))
    flops = FlopCounter(config, settings).count(part.inputs, len(part.targets))
    parameters = sum(parameter.numel() for parameter in build_on_meta(config).parameters())
    optimizer_secs = parameters * _STATE_BYTES / _H200_BYTES_PER_SEC
    at_peak_secs = flops / 989e12
    kept, again = at_peak_secs / _REACHED, at_peak_secs * 4 / 3 / _REACHED  # recomputing runs every forward pass twice
    return {
        "foretold_4b_tflop": flops / 1e12,
        "foretold_4b_secs_at_peak": at_peak_secs,
        "foretold_4b_optimizer_secs": optimizer_secs,
        "foretold_4b_state_gb": parameters * 16 / 1e9,
        "foretold_4b_mfu": at_peak_secs / (kept + optimizer_secs),
        "foretold_4b_mfu_with_recomputation": at_peak_secs / (again + optimizer_secs),
    }


def settings_for(on_cuda: bool, compile_blocks: bool, recompute: bool) -> TrainSettings:
    values = {
        "output": "-", "model": "-", "steps": 1, "data": {"packs": ["-"]}, "batch": {"packs": 1},
        "optimizer": {
            "learning_rates": {"vision": 1e-5, "merger": 1e-5, "language": 1e-5},
            "min_learning_rate": 0, "betas": [0.9, 0.95], "weight_decay": 0.01,
        },
        "parallel": {
            "activation_checkpointing": recompute, "compute_dtype": "bfloat16" if on_cuda else "float32",
            "compile_blocks": compile_blocks,
        },
        "checkpoint": {"every_steps": 1}, "metrics": {},
    }  # fmt: skip
    return TrainSettings.model_validate(values)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default=str(CONFIGS / "model" / "tiny.yaml"))
    parser.add_argument("--pack-tokens", type=int, default=None, help="default: 8192 on a GPU, 1024 without")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compile", action="store_true", help="compile each block")
    parser.add_argument("--recompute", action="store_true", help="checkpoint activations")
    options = parser.parse_args()
    on_cuda = torch.cuda.is_available()
    device = torch.device("cuda" if on_cuda else "cpu")
    tokens, side = options.pack_tokens or (8192 if on_cuda else 1024), 36 if on_cuda else 8
    settings = settings_for(on_cuda, options.compile, options.recompute)
    config = config_from_yaml(options.config)
    parts = documents(config, tokens, side)
    part = packed(parts)
    flops = FlopCounter(config, settings).count(part.inputs, len(part.targets))
    (secs, peak_gb), clock = ours(config, settings, part, options.repeats)
    padded_secs, padded_gb = plain(config, settings, padded(parts), device, options.repeats)
    single_secs, single_gb = plain(config, settings, parts, device, options.repeats)
    peak = peak_flops_per_sec(device)
    count = part.inputs["input_ids"].numel()
    keep(
        "training",
        model=pathlib.Path(options.config).stem,
        documents=len(parts),
        tokens=count,
        tokens_per_sec=count / secs,
        padded_tokens_per_sec=count / padded_secs,
        one_by_one_tokens_per_sec=count / single_secs,
        times_padded=padded_secs / secs,
        times_one_by_one=single_secs / secs,
        tflop_per_sec=flops / secs / 1e12,
        mfu=flops / secs / peak if peak else None,
        peak_gb=peak_gb,
        padded_peak_gb=padded_gb,
        one_by_one_peak_gb=single_gb,
        **clock,
        **foretold(8192, 36, settings),
    )


if __name__ == "__main__":
    main()
