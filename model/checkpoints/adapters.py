"""Adapters of LoRA at rest, in peft's own files: written, applied to a model, merged to a whole one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.distributed.tensor import DTensor

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.checkpoints.hub import export_hub, load_model
from model.checkpoints.weights import NewFolder
from model.errors import CheckpointError

#: The name that peft gives the only adapter of a model.
ADAPTER = "default"

_PEFT_PREFIX = "base_model.model."  # of every tensor that peft's own PeftModel saves
_WEIGHTS = "adapter_model.safetensors"


class BaseWeights(nn.Module):
    """A model seen without its adapters: the names that its checkpoint has."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._whole = [model]  # in a list, so as not to be a submodule

    def named_parameters(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, nn.Parameter]]:
        for name, parameter in self._whole[0].named_parameters(*args, **kwargs):
            if ".lora_" not in name:
                yield name.replace(".base_layer.", "."), parameter


def save_adapter(model: nn.Module, config: LoraConfig, folder: str, writes: bool = True) -> None:
    """Write peft's own two files, which ``PeftModel.from_pretrained(model, folder)`` reads.

    Sharded models: every process calls, one with ``writes``. Raises CheckpointError.
    """
    tensors = {}
    for name, parameter in model.named_parameters():
        if ".lora_" in name:
            whole = parameter.detach()
            whole = whole.full_tensor() if isinstance(whole, DTensor) else whole
            if writes:
                tensors[_PEFT_PREFIX + name.replace(f".{ADAPTER}.", ".")] = whole.cpu().contiguous()
    if writes:
        with NewFolder(folder) as partial:
            save_file(tensors, os.path.join(partial, _WEIGHTS), metadata={"format": "pt"})
            config.save_pretrained(partial)


def load_adapter(model: LlavaOnevision1_5ForConditionalGeneration, folder: str) -> None:
    """Apply the adapter of a folder to a model in memory. Raises CheckpointError where they do not fit."""
    try:
        config = LoraConfig.from_pretrained(folder)
        tensors = load_file(os.path.join(folder, _WEIGHTS))
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise CheckpointError(f"no adapter can be read at {folder}: {error}") from error
    inject_adapter_in_model(config, model, adapter_name=ADAPTER)
    parameters = {
        _PEFT_PREFIX + name.replace(f".{ADAPTER}.", "."): parameter
        for name, parameter in model.named_parameters()
        if ".lora_" in name
    }
    shapes = {name: tuple(parameter.shape) for name, parameter in parameters.items()}
    if shapes != {name: tuple(tensor.shape) for name, tensor in tensors.items()}:
        raise CheckpointError(
            f"the adapter in {folder} was made for another model: its tensors have other names or sizes"
        )
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[name])


def merge_adapter(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    """Add each adapter's product to the weight beside it, and leave the plain layers of before."""
    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLayer) and isinstance(module, BaseTunerLayer):
            module.merge()
            parent, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(parent), leaf, module.get_base_layer())


def export_merged(base: str, adapter: str, folder: str) -> None:
    """Write the model of ``base`` with ``adapter`` merged into it, in the released layout."""
    model = load_model(base)
    load_adapter(model, adapter)
    merge_adapter(model)
    export_hub(model, folder)
