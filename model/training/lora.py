"""LoRA: low-rank adapters of the language model, trained in place of its weights.

Hu et al., arXiv 2106.09685. Adapters stand beside weights that stay sharded and frozen; only they are trained.
"""

from __future__ import annotations

import re

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import nn
from torch.distributed.tensor import DTensor, distribute_tensor

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.checkpoints.adapters import ADAPTER
from model.errors import TrainingError
from model.training.settings import LoraSettings


def add_adapters(model: LlavaOnevision1_5ForConditionalGeneration, settings: LoraSettings) -> None:
    """Put an adapter beside each target. Raises TrainingError for a target that the language model lacks."""
    linear = {
        name.rpartition(".")[2]
        for name, module in model.model.language_model.named_modules()
        if isinstance(module, nn.Linear)
    }
    if unknown := [target for target in settings.targets if target not in linear]:
        raise TrainingError(f"lora.targets: the language model has no {', '.join(unknown)}, only {sorted(linear)}")
    inject_adapter_in_model(peft_config(settings), model, adapter_name=ADAPTER)


def peft_config(settings: LoraSettings) -> LoraConfig:
    """The same in peft's words, for the language model alone."""
    names = "|".join(re.escape(target) for target in settings.targets)
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=rf"model\.language_model\..*\.({names})",
        task_type="CAUSAL_LM",
    )


@torch.no_grad()
def initialise_adapters(model: nn.Module, seed: int) -> None:
    """A by Kaiming's uniform, B zero: at first the adapters change nothing. The same on any number of processes."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            parameter.zero_()
        elif ".lora_A." in name:
            whole = torch.empty(parameter.shape)
            nn.init.kaiming_uniform_(whole, a=5**0.5, generator=generator)
            if isinstance(parameter, DTensor):
                whole = distribute_tensor(whole.to(parameter.device), parameter.device_mesh, parameter.placements)
            parameter.copy_(whole)
