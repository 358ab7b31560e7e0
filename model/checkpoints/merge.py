"""Stage 0: a vision tower and a language model joined into one folder, with a merger that is still to be trained.

Tensors go from the two folders to the new one without a model in between, so that memory holds one file of the output,
however large the models are. Each keeps the precision it came in unless another is asked for.
"""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import AutoTokenizer
from transformers.utils import GENERATION_CONFIG_NAME

from model.architecture.configuration import LlavaOnevision1_5Config, checked_config
from model.architecture.processing import PLACEHOLDERS, build_processor
from model.checkpoints.config_files import write_config
from model.checkpoints.hub import build_on_meta
from model.checkpoints.hub_layout import HubTensor, hub_tensors
from model.checkpoints.json_files import read_json
from model.checkpoints.processor_files import save_processor
from model.checkpoints.weights import FILE_BYTES, NewFolder, WeightFolder, write_weights
from model.errors import CheckpointError

#: Our names of the tower's tensors → MLCD's (transformers), of which Rice is a descendant. Blocks: see _tower_names.
_TOWER = {
    "visual.class_embedding": "embeddings.class_embedding",
    "visual.class_pos_emb": "class_pos_emb",
    "visual.patch_embed.proj.weight": "embeddings.patch_embedding.weight",
    "visual.pre_layernorm.weight": "pre_layrnorm.weight",  # its spelling
    "visual.pre_layernorm.bias": "pre_layrnorm.bias",
}
_BLOCK = {"norm1": "layer_norm1", "norm2": "layer_norm2", "attn.proj": "self_attn.out_proj"}

#: Numbers that the tower's config.json must have, beside what has a default.
_SIZES = ("num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "patch_size")

#: What a part may hold that the joined model does without: the norm behind the tower, and tables that are computed.
_NOT_TAKEN = re.compile(r"(vision_model\.)?post_layernorm\.(weight|bias)|(.*\.)?(inv_freq|position_ids)")

#: Standard deviation of the untrained merger's matrices: the released configuration's initializer_range.
_MERGER_STD = 0.02


def merge(
    vision: str,
    text: str,
    output: str,
    dtype: torch.dtype | None = None,
    seed: int = 0,
    file_bytes: int = FILE_BYTES,
) -> None:
    """Join a RICE (or MLCD) ViT's folder and a Qwen3 (or Qwen3-MoE) folder into a checkpoint in the hub layout.

    The head is untied: where the language model shares it with its embeddings, it gets a copy. The tokenizer is the
    language model's. Raises CheckpointError if a folder is of another kind, or a tensor is missing, of another shape,
    not finite, or one too many.
    """
    vision_config, text_config = (read_json(os.path.join(folder, "config.json")) for folder in (vision, text))
    config = merged_config(vision_config, text_config, dtype)
    try:
        tokenizer = AutoTokenizer.from_pretrained(text)
    except Exception as error:  # the library raises plain exceptions for a damaged tokenizer.json
        raise CheckpointError(f"{text} has no tokenizer that can be read: {error}") from error
    processor = build_processor(tokenizer)
    for field, token in PLACEHOLDERS.items():
        setattr(config, field, tokenizer.convert_tokens_to_ids(token))
    tensors = hub_tensors(build_on_meta(config))
    with WeightFolder(vision) as tower, WeightFolder(text) as language, NewFolder(output) as partial:
        sources = {name: _source(name, tower, language) for name in tensors}
        _check_all_taken(sources.values(), (tower, language))
        itemsize = (dtype or torch.float32).itemsize  # at most: sources in half precision make smaller files
        num_bytes = {name: math.prod(place.shape) * itemsize for name, place in tensors.items()}

        def tensor_of(name: str) -> torch.Tensor:
            if (source := sources[name]) is None:
                tensor = _untrained(name, tensors[name].shape, seed)
            else:
                tensor = _checked(name, source, tensors[name])
            return tensor if dtype is None else tensor.to(dtype)

        write_weights(partial, num_bytes, tensor_of, file_bytes)
        write_config(config, partial)
        save_processor(processor, partial)
        generation = os.path.join(text, GENERATION_CONFIG_NAME)  # among others, which tokens end an answer
        if os.path.isfile(generation):
            read_json(generation)  # raises for a damaged one
            shutil.copyfile(generation, os.path.join(partial, GENERATION_CONFIG_NAME))


def merged_config(
    vision: dict[str, Any], text: dict[str, Any], dtype: torch.dtype | None = None
) -> LlavaOnevision1_5Config:
    """The joined configuration from the two parts' config.json. Raises CheckpointError for another architecture."""
    vision = vision.get("vision_config", vision)
    if not isinstance(vision, dict):
        raise CheckpointError("the config.json of the vision folder has a vision_config that is no object")
    if not any(kind in str(vision.get("model_type")) for kind in ("mlcd", "rice")):
        raise CheckpointError(f"the vision folder holds {vision.get('model_type')!r}: a RICE or MLCD ViT is needed")
    if text.get("model_type") not in ("qwen3", "qwen3_moe"):
        raise CheckpointError(f"the text folder holds {text.get('model_type')!r}: qwen3 or qwen3_moe is needed")
    dropped = ("architectures", "model_type", "transformers_version", "tie_word_embeddings", "torch_dtype", "dtype")
    missing = [f"vision folder has no {key}" for key in _SIZES if not isinstance(vision.get(key), int)]
    if not isinstance(text.get("hidden_size"), int):
        missing.append("text folder has no hidden_size")
    if missing:
        raise CheckpointError(f"the config.json of the {', of the '.join(missing)}, a number that is needed")
    values = {
        "vision_config": {
            "depth": vision["num_hidden_layers"],
            "embed_dim": vision["hidden_size"],
            "hidden_size": vision["hidden_size"],
            "intermediate_size": vision["intermediate_size"],
            "num_heads": vision["num_attention_heads"],
            "patch_size": vision["patch_size"],
            "hidden_act": vision.get("hidden_act", "gelu"),
            "layer_norm_eps": vision.get("layer_norm_eps", 1e-5),
            "text_hidden_size": text["hidden_size"],
        },
        "text_config": {key: value for key, value in text.items() if key not in dropped},
        "dtype": str(dtype or text.get("dtype") or text.get("torch_dtype") or "float32").removeprefix("torch."),
    }
    return checked_config("the joined config.json", values)


@dataclass(frozen=True)
class _Source:
    """Tensors of a part, stacked to one of the joined model."""

    weights: WeightFolder
    names: tuple[str, ...]

    def tensor(self) -> torch.Tensor:
        return torch.cat([self.weights.tensor(name) for name in self.names])


def _source(name: str, tower: WeightFolder, language: WeightFolder) -> _Source | None:
    """Of what the tensor ``name`` of the joined model is made; None for the merger, which no part holds."""
    if name.startswith("visual.merger."):
        return None
    if name.startswith("visual."):
        wanted, weights = _tower_names(name), tower
        prefix = "vision_model." if any(key.startswith("vision_model.") for key in tower) else ""
        wanted = [prefix + key for key in wanted]
    else:
        wanted, weights = [name], language
        if name == "lm_head.weight" and name not in language:
            wanted = ["model.embed_tokens.weight"]
    if missing := [key for key in wanted if key not in weights]:
        raise CheckpointError(f"{weights.folder} has no {', '.join(missing)}, of which {name} is made")
    return _Source(weights, tuple(wanted))


def _check_all_taken(sources: Iterable[_Source | None], parts: Iterable[WeightFolder]) -> None:
    """Raises CheckpointError for a part with weights that its config.json does not count, which would be dropped."""
    taken = {(source.weights.folder, name) for source in sources if source is not None for name in source.names}
    for weights in parts:
        left = [name for name in weights if (weights.folder, name) not in taken and not _NOT_TAKEN.fullmatch(name)]
        if left:
            raise CheckpointError(
                f"{weights.folder} holds {len(left)} tensors that its config.json does not count, {left[0]} among "
                "them: they would be dropped. Mend the config.json, or take them out."
            )


def _tower_names(name: str) -> list[str]:
    """MLCD's tensors that make up one of ours: queries, keys and values are apart there, and stacked here."""
    if name in _TOWER:
        return [_TOWER[name]]
    _, _, number, rest = name.split(".", 3)  # visual.blocks.7.attn.qkv.weight
    part, kind = rest.rsplit(".", 1)
    layer = f"encoder.layers.{number}"
    if part == "attn.qkv":
        return [f"{layer}.self_attn.{projection}_proj.{kind}" for projection in "qkv"]
    return [f"{layer}.{_BLOCK.get(part, part)}.{kind}"]


def _untrained(name: str, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """The merger before training: normal matrices, a norm of ones, biases of zero."""
    if name.endswith(".bias"):
        return torch.zeros(shape)
    if len(shape) == 1:
        return torch.ones(shape)
    number = int(name.split(".")[-2])  # the two matrices draw differently
    generator = torch.Generator().manual_seed(seed + number)
    return nn.init.normal_(torch.empty(shape), std=_MERGER_STD, generator=generator)


def _checked(name: str, source: _Source, place: HubTensor) -> torch.Tensor:
    tensor = source.tensor()
    if tuple(tensor.shape) != place.shape:
        raise CheckpointError(
            f"{name} would be {tuple(tensor.shape)}, the configurations make it {place.shape}: "
            "the weights and the config.json of a folder disagree"
        )
    if not bool(tensor.isfinite().all()):
        raise CheckpointError(
            f"{', '.join(source.names)} in {source.weights.folder} holds NaN or infinite values: fetch the folder again"
        )
    return tensor
