"""What is trained, how fast, and AdamW over it: one learning rate, or none, for each part of the model."""

from __future__ import annotations

import math

import torch
from torch import nn

from model.training.settings import OptimizerSettings, TrainSettings

PARTS = ("vision", "merger", "language")


def part_of(name: str) -> str:
    """The part of the model, of :data:`PARTS`, that a parameter belongs to."""
    if "visual.merger." in name:
        return "merger"
    return "vision" if "visual." in name else "language"


def freeze(model: nn.Module, settings: TrainSettings) -> None:
    """Freeze the parts without a learning rate, and with LoRA all of the language model but its adapters."""
    rates = settings.optimizer.learning_rates
    for name, parameter in model.named_parameters():
        part = part_of(name)
        trained = getattr(rates, part) is not None
        if part == "language" and settings.lora is not None:
            trained = ".lora_" in name
        parameter.requires_grad_(trained)


def build_optimizer(model: nn.Module, settings: OptimizerSettings) -> torch.optim.AdamW:
    """AdamW over what is trained; its groups carry their ``part``. Moments are float32, as the parameters are."""
    groups: dict[tuple[str, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_matrix = sum(size > 1 for size in parameter.shape) > 1
            groups.setdefault((part_of(name), is_matrix), []).append(parameter)
    on_cuda = any(parameter.is_cuda for group in groups.values() for parameter in group)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "part": part,
                "lr": getattr(settings.learning_rates, part),
                "weight_decay": settings.weight_decay if decays else 0.0,
            }
            for (part, decays), parameters in groups.items()
        ],
        betas=settings.betas,
        eps=settings.eps,
        fused=on_cuda or None,
    )


def set_learning_rates(optimizer: torch.optim.Optimizer, settings: TrainSettings, step: int) -> dict[str, float]:
    """Set each group's rate for ``step``, counted from 0; returns the rate of each trained part."""
    rates: dict[str, float] = {}
    for group in optimizer.param_groups:
        peak = getattr(settings.optimizer.learning_rates, group["part"])
        group["lr"] = rates[group["part"]] = learning_rate(peak, settings, step)
    return rates


def learning_rate(peak: float, settings: TrainSettings, step: int) -> float:
    """A line from 0 to ``peak`` over the warm-up, then a cosine that ends at min_learning_rate with the last step."""
    warmup = settings.warmup_steps
    if step < warmup:
        return peak * (step + 1) / warmup
    lowest = min(settings.optimizer.min_learning_rate, peak)
    progress = (step - warmup) / max(1, settings.steps - 1 - warmup)
    return lowest + (peak - lowest) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
