"""Load and export whole models, holding each weight once.

Loading fills parameters that already exist, tensor by tensor, and a rank that holds shards of them (DTensor) reads its
own rows only. Names and shapes are checked before the first byte of a tensor is read.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable

import torch
from torch import nn
from torch.distributed.tensor import DTensor
from torch.distributed.tensor._utils import compute_local_shape_and_global_offset
from transformers import GenerationConfig
from transformers.utils import GENERATION_CONFIG_NAME

from model.architecture.configuration import LlavaOnevision1_5Config, checked_config
from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.checkpoints.config_files import write_config
from model.checkpoints.hub_layout import HubTensor, hub_name, hub_tensors
from model.checkpoints.json_files import read_json
from model.checkpoints.weights import FILE_BYTES, NewFolder, WeightFolder, write_weights
from model.errors import CheckpointError


def load_config(folder: str) -> LlavaOnevision1_5Config:
    """The configuration in a checkpoint's folder. Raises CheckpointError if it is of another architecture."""
    path = os.path.join(folder, "config.json")
    values = read_json(path)
    if values.get("model_type") != LlavaOnevision1_5Config.model_type:
        raise CheckpointError(
            f"{path} is of model_type {values.get('model_type')!r}, not {LlavaOnevision1_5Config.model_type!r}"
        )
    return checked_config(path, values)


def build_on_meta(
    config: LlavaOnevision1_5Config, dtype: torch.dtype | None = None
) -> LlavaOnevision1_5ForConditionalGeneration:
    """The model without memory for its weights: shapes and names only. Follow with :func:`allocate`."""
    with torch.device("meta"):
        return LlavaOnevision1_5ForConditionalGeneration._from_config(
            config, dtype=dtype or config.dtype or torch.get_default_dtype()
        )


def allocate(model: LlavaOnevision1_5ForConditionalGeneration, device: torch.device | str = "cpu") -> None:
    """Give a model from the meta device memory, not yet filled, and rotary frequencies, which no checkpoint holds."""
    model.to_empty(device=device)
    model.tie_weights()
    text = model.model.language_model
    with torch.device(device):
        text.rotary_emb = type(text.rotary_emb)(config=text.config)


def load_model(
    folder: str, dtype: torch.dtype | None = None, device: torch.device | str = "cpu"
) -> LlavaOnevision1_5ForConditionalGeneration:
    """The model in a folder, of either layout, in ``dtype`` (else the checkpoint's own), ready to evaluate.

    A head in the files is used even if the configuration calls it tied. Raises CheckpointError.
    """
    config = load_config(folder)
    if config.tie_word_embeddings:
        with WeightFolder(folder) as weights:
            config.tie_word_embeddings = config.text_config.tie_word_embeddings = "lm_head.weight" not in weights
    model = build_on_meta(config, dtype)
    allocate(model, device)
    load_weights(model, folder)
    if os.path.isfile(generation := os.path.join(folder, GENERATION_CONFIG_NAME)):
        read_json(generation)  # raises for a damaged one
        model.generation_config = GenerationConfig.from_pretrained(folder)
    return model.eval()


@torch.no_grad()
def load_weights(model: nn.Module, folder: str) -> None:
    """Fill the model's parameters from a folder of either layout; sharded parameters take their own part.

    Raises CheckpointError that names missing and extra tensors, and those of another shape.
    """
    parameters = dict(model.named_parameters())
    expected = hub_tensors(model)
    with WeightFolder(folder) as weights:
        places: dict[str, HubTensor] = {}
        for name in weights:
            if name in parameters:  # in memory's own layout, where experts are stacked
                shape = tuple(parameters[name].shape)
                places[name] = HubTensor(name, (0,) * len(shape), shape)
            elif place := expected.get(hub_name(name)):
                places[name] = place
        filled = {place.parameter for name, place in places.items() if name in parameters}
        found = {hub_name(name) for name in places}
        problems = [
            *_listed(
                "missing", (n for n, place in expected.items() if place.parameter not in filled and n not in found)
            ),
            *_listed("extra", (name for name in weights if name not in places)),
            *_listed(
                "of another shape",
                (
                    f"{name} {weights.shape(name)}, the model's {place.shape}"
                    for name, place in places.items()
                    if weights.shape(name) != place.shape
                ),
            ),
        ]
        if problems:
            raise CheckpointError(f"the weights in {folder} do not fit the model: " + "; ".join(problems))
        for name, place in places.items():
            _fill(parameters[place.parameter], place, weights, name)


def _listed(kind: str, names: Iterable[str], most: int = 8) -> list[str]:
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return [f"{len(every)} {kind}: {', '.join(every[:most])}{more}"] if every else []


def _fill(parameter: torch.Tensor, place: HubTensor, weights: WeightFolder, name: str) -> None:
    """Copy a tensor, or the part of it that this rank holds, to its place."""
    local, offset = parameter.detach(), (0,) * parameter.ndim
    if isinstance(parameter, DTensor):
        local = parameter.to_local().detach()
        _, offset = compute_local_shape_and_global_offset(parameter.shape, parameter.device_mesh, parameter.placements)
    stacked = parameter.ndim - len(place.shape)  # 1 where the parameter counts experts and the tensor does not
    shape = (1,) * stacked + place.shape
    first = [max(a, b) for a, b in zip(place.origin, offset, strict=True)]
    last = [min(a + size, b + held) for a, size, b, held in zip(place.origin, shape, offset, local.shape, strict=True)]
    if any(a >= b for a, b in zip(first, last, strict=True)):
        return
    target = local[tuple(slice(a - o, b - o) for a, b, o in zip(first, last, offset, strict=True))]
    source = tuple(slice(a - o, b - o) for a, b, o in zip(first, last, place.origin, strict=True))
    target.copy_(weights.region(name, source[stacked:]).view(target.shape))


@torch.no_grad()
def export_hub(
    model: LlavaOnevision1_5ForConditionalGeneration,
    folder: str,
    dtype: torch.dtype | None = None,
    file_bytes: int = FILE_BYTES,
    writes: bool = True,
) -> None:
    """Write the model in the released layout: weights, config.json, generation_config.json.

    The folder appears whole or not at all. Sharded models: every rank calls, one with ``writes``. Raises
    CheckpointError.
    """
    parameters = dict(model.named_parameters())
    tensors = hub_tensors(model)
    gathered: dict[str, torch.Tensor] = {}

    def tensor_of(name: str) -> torch.Tensor:
        place = tensors[name]
        if place.parameter not in gathered:  # one parameter at a time, however many tensors it is written as
            parameter = parameters[place.parameter].detach()
            gathered.clear()
            gathered[place.parameter] = parameter.full_tensor() if isinstance(parameter, DTensor) else parameter
        whole = gathered[place.parameter]
        stacked = whole.ndim - len(place.shape)
        part = whole[place.origin[:stacked]] if stacked else whole
        region = tuple(slice(o, o + size) for o, size in zip(place.origin[stacked:], place.shape, strict=True))
        return part[region].to(dtype or part.dtype)

    if not writes:
        for name in tensors:
            tensor_of(name)
        return
    num_bytes = {
        name: math.prod(place.shape) * (dtype or parameters[place.parameter].dtype).itemsize
        for name, place in tensors.items()
    }
    with NewFolder(folder) as partial:
        write_weights(partial, num_bytes, tensor_of, file_bytes)
        written = str(dtype or model.dtype).removeprefix("torch.")
        write_config(model.config, partial, written)
        model.generation_config.save_pretrained(partial)
