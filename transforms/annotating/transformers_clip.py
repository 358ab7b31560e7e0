"""A CLIP in transformers' form (config.json, model.safetensors, tokenizer), with the methods of open_clip's models.

Shape legend: N images or texts, S pixels a side, L tokens a text, D embedding width.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from transforms.errors import ConfigError

#: Pillow's numbers of the filters that the preprocessor has.
_INTERPOLATIONS = {2: "bilinear", 3: "bicubic"}
_MODEL_TYPE = "clip"


def is_transformers_folder(folder: str) -> bool:
    """Whether a folder holds a model of transformers and none of open_clip; any type of model."""
    return _has(folder, "config.json") and not _has(folder, "open_clip_config.json")


@dataclass(frozen=True)
class _Visual:
    preprocess_cfg: dict[str, Any]


class TransformersClip(nn.Module):
    """CLIPModel as open_clip's models are called: ``encode_image``, ``encode_text``, ``visual.preprocess_cfg``."""

    def __init__(self, folder: str, dtype: torch.dtype, device: torch.device) -> None:
        """Raises ConfigError for a model of another type, weights that are not all there, or a preprocessing that the
        encoder has not."""
        super().__init__()
        from transformers import CLIPModel

        require_clip(folder)
        self._clip, loaded = CLIPModel.from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True
        )
        if missing := sorted({*loaded["missing_keys"], *(key for key, *_ in loaded["mismatched_keys"])}):
            raise ConfigError(f"{folder} lacks {len(missing)} of the model's weights, such as {missing[0]}")
        self._clip.to(device)
        self.visual = _Visual(_preprocessing(folder, self._clip.config.vision_config.image_size))

    def encode_image(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) → (N, D)"""
        features: torch.Tensor = self._clip.get_image_features(pixel_values=pixels).pooler_output
        return features

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, L) → (N, D). No mask is needed: attention is causal, and what is pooled stands before all padding."""
        features: torch.Tensor = self._clip.get_text_features(input_ids=tokens).pooler_output
        return features


class TransformersTokenizer:
    """N texts → (N, L) token ids, cut and padded to the model's L, as open_clip's tokenizers give them."""

    def __init__(self, folder: str, n_tokens: int) -> None:
        from transformers import AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._tokenizer.padding_side = "right"
        self._n_tokens = n_tokens

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        encoded = self._tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=self._n_tokens, return_tensors="pt"
        )
        tokens: torch.Tensor = encoded["input_ids"]
        return tokens


def load_transformers_clip(
    folder: str, dtype: torch.dtype, device: torch.device
) -> tuple[TransformersClip, TransformersTokenizer]:
    model = TransformersClip(folder, dtype, device)
    return model, TransformersTokenizer(folder, model._clip.config.text_config.max_position_embeddings)


def require_clip(folder: str) -> None:
    """Raises ConfigError for a model of another type, before anything is loaded."""
    found = _read(folder, "config.json").get("model_type")
    if found != _MODEL_TYPE:
        raise ConfigError(
            f"{folder} holds a model of transformers' type {found!r}, of which only {_MODEL_TYPE!r} is read. Name a "
            "folder with open_clip_config.json and open_clip's weights, or one of open_clip's models by its name; "
            "many are published in both forms."
        )


def _preprocessing(folder: str, image_size: int) -> dict[str, Any]:
    """What the folder says of preprocessing, or CLIP's own where it says nothing, in open_clip's terms."""
    from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

    values: dict[str, Any] = {}
    if _has(folder, "preprocessor_config.json"):
        values = _read(folder, "preprocessor_config.json")
    elif _has(folder, "processor_config.json"):  # as transformers 5 writes a whole processor
        values = _read(folder, "processor_config.json").get("image_processor", {})
    resized, cropped = values.get("size", image_size), values.get("crop_size", image_size)
    mode = "squash" if isinstance(resized, dict) and "height" in resized else "shortest"
    sides = {*_sides(resized), *(_sides(cropped) if values.get("do_center_crop", True) else ())}
    interpolation = _INTERPOLATIONS.get(values.get("resample", 3))
    as_usual = all(values.get(step, True) for step in ("do_resize", "do_rescale", "do_normalize"))
    as_usual &= math.isclose(values.get("rescale_factor", 1 / 255), 1 / 255)
    if sides != {image_size} or interpolation is None or not as_usual:
        raise ConfigError(
            f"the preprocessing of {folder}: resizing to {resized} by filter {values.get('resample', 3)} and "
            f"cropping to {cropped} is not done here; a square of {image_size} pixels, as the model takes it, is, by "
            "filter 2 or 3, with pixels scaled by 1/255 and normalised"
        )
    return {
        "size": image_size,
        "mode": "RGB",
        "mean": values.get("image_mean", OPENAI_DATASET_MEAN),
        "std": values.get("image_std", OPENAI_DATASET_STD),
        "interpolation": interpolation,
        "resize_mode": mode,
        "fill_color": 0,
    }


def _sides(size: Any) -> tuple[int, ...]:
    return tuple(size.values()) if isinstance(size, dict) else (size,)


def _has(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def _read(folder: str, name: str) -> dict[str, Any]:
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {os.path.join(folder, name)}: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{os.path.join(folder, name)} must be a JSON object, found {type(values).__name__}")
    return values
