"""Tiny models and batches of random numbers, for the tests of this folder. One thread: the tests share the machine."""

from __future__ import annotations

import pathlib
from typing import Any

import torch
from transformers import AutoModelForCausalLM, MLCDVisionConfig, MLCDVisionModel, Qwen3Config, Qwen3MoeConfig

from model.architecture.configuration import LlavaOnevision1_5Config, RiceConfig
from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.checkpoints.initialise import tiny_pretrained_tokenizer

torch.set_num_threads(1)

IMAGE, VIDEO, VOCABULARY = 290, 291, 300

RICE: dict[str, Any] = {
    "depth": 2, "embed_dim": 64, "hidden_size": 64, "intermediate_size": 96, "num_heads": 4, "text_hidden_size": 32,
}  # fmt: skip
TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "rope_theta": 1e6,
}  # fmt: skip
EXPERTS: dict[str, Any] = {
    "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24, "norm_topk_prob": True,
}  # fmt: skip


def tiny_config(moe: bool = False, **changes: Any) -> LlavaOnevision1_5Config:
    return LlavaOnevision1_5Config(
        vision_config=RICE,
        text_config=TEXT | (EXPERTS if moe else {}),
        image_token_id=IMAGE,
        video_token_id=VIDEO,
        vision_start_token_id=288,
        vision_end_token_id=289,
        **changes,
    )


def tiny_rice_config() -> RiceConfig:
    return RiceConfig(**RICE)


def tiny_model(moe: bool = False, seed: int = 0, **changes: Any) -> LlavaOnevision1_5ForConditionalGeneration:
    """Random weights large enough to matter: the usual 0.02 would hide a mistake in the noise."""
    torch.manual_seed(seed)
    model = LlavaOnevision1_5ForConditionalGeneration._from_config(tiny_config(moe, **changes), dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def pixels(grid: list[list[int]], seed: int = 0) -> dict[str, torch.Tensor]:
    """Random pixels of images of the given sizes in patches, as the model takes them."""
    generator = torch.Generator().manual_seed(seed)
    count = sum(t * h * w for t, h, w in grid)
    return {
        "pixel_values": torch.randn(count, 588, generator=generator),
        "image_grid_thw": torch.tensor(grid),
    }


def document(length: int, grid: list[list[int]], seed: int) -> dict[str, torch.Tensor]:
    """``length`` random tokens of text around the placeholders of each image; labels on the second half."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randint(0, 280, (length,), generator=generator)
    parts = [words[: length // 2]]
    for t, h, w in grid:
        parts += [torch.full((t * h * w // 4,), IMAGE), torch.tensor([289])]
    parts.append(words[length // 2 :])
    input_ids = torch.cat(parts)
    labels = input_ids.clone()
    labels[: len(input_ids) - length // 2] = -100
    return {"input_ids": input_ids[None], "labels": labels[None], **(pixels(grid, seed) if grid else {})}


def write_rice(folder: pathlib.Path, side: int = 4) -> pathlib.Path:
    """A vision tower of random weights, as its release stands on the hub; pictures have ``side``×``side`` patches."""
    torch.manual_seed(0)
    config = MLCDVisionConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        image_size=14 * side, patch_size=14,
    )  # fmt: skip
    MLCDVisionModel(config).save_pretrained(folder)
    return folder


def write_qwen3(folder: pathlib.Path, **shape: Any) -> pathlib.Path:
    """A language model of random weights and its tokenizer; of experts if ``shape`` has some."""
    torch.manual_seed(1)
    kind = Qwen3MoeConfig if "num_experts" in shape else Qwen3Config
    values = {"vocab_size": 520, "num_hidden_layers": 2, "num_key_value_heads": 2, "head_dim": 16, "rope_theta": 1e6}
    config = kind(**values | shape, eos_token_id=506)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tiny_pretrained_tokenizer().save_pretrained(folder)
    return folder
