"""The image-text encoder: any open_clip model or transformers CLIP, in its own preprocessing, on any processor.

open_clip, which takes seconds to import, is imported only where a model is built or asked for by its name: a process
that hands images to others needs none.

Shape legend: N images or texts, S_h and S_w height and width of the input in pixels, D embedding width.
"""

from __future__ import annotations

import difflib
import os
import platform
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.settings import EncoderSettings
from transforms.annotating.transformers_clip import is_transformers_folder, load_transformers_clip, require_clip
from transforms.annotating.weights_at_hand import at_hand
from transforms.errors import ConfigError
from transforms.images.decode import DecodeSettings
from transforms.images.preprocess import Preprocessor

TEXTS_A_BATCH = 256
_DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
_WEIGHTS_ENDINGS = (".safetensors", ".bin", ".pt", ".pth")
_RANDOM_SEED = 0  # of 'pretrained: random', so that every worker builds the same weights


class ClipEncoder:
    """Images and texts → L2-normalised embeddings in one space."""

    def __init__(self, settings: EncoderSettings) -> None:
        """Builds the model and loads its weights; raises ConfigError for an unknown model or weights out of reach."""
        self.device = device_of(settings)
        self.precision = _resolve_precision(settings.precision, self.device)
        self.model, self.tokenizer = _build(settings, self.precision, self.device)
        preprocess = self.model.visual.preprocess_cfg
        size = preprocess["size"]
        self.size: tuple[int, int] = (size, size) if isinstance(size, int) else (size[0], size[1])
        self.resize_mode: Literal["shortest", "longest", "squash"] = preprocess["resize_mode"]
        self.interpolation: Literal["bicubic", "bilinear"] = preprocess["interpolation"]
        self.fill_color: int = preprocess["fill_color"]
        # (x/255 - mean) / std as one multiply-add, in the model's precision at the end
        mean, std = (torch.tensor(preprocess[name], device=self.device).view(1, 3, 1, 1) for name in ("mean", "std"))
        self._scale, self._shift = 1 / (255 * std), -mean / std
        self._dtype = _DTYPES[self.precision]

    @cached_property
    def width(self) -> int:
        """Of the embeddings, D."""
        return int(self.encode_texts([""]).shape[1])

    def preprocessor(self, limits: DecodeSettings) -> Preprocessor:
        """Bytes of files → the pixels that :meth:`encode_images` takes; files beyond ``limits`` are faults."""
        return Preprocessor(self.size, self.resize_mode, self.interpolation, self.fill_color, limits)

    def encode_images(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """(N, S_h, S_w, 3) uint8 RGB → (N, D) float32 on the encoder's device, rows of length 1."""
        return self.encode_loaded(self.load(pixels))

    def load(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """The same array on the encoder's device, or on its way there."""
        batch = torch.from_numpy(pixels)
        return batch.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else batch

    @torch.inference_mode()
    def encode_loaded(self, batch: torch.Tensor) -> torch.Tensor:
        """What :meth:`load` gave → as :meth:`encode_images`."""
        batch = batch.permute(0, 3, 1, 2).float().mul_(self._scale).add_(self._shift).to(self._dtype)
        return _normalise(self.model.encode_image(batch))

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts → (N, D) float32, rows of length 1."""
        parts = [
            _normalise(self.model.encode_text(self.tokenizer(list(texts[i : i + TEXTS_A_BATCH])).to(self.device)))
            for i in range(0, len(texts), TEXTS_A_BATCH)
        ]
        return np.asarray(torch.cat(parts).cpu().numpy(), dtype=np.float32)


def device_of(settings: EncoderSettings) -> torch.device:
    """A GPU where there is one, else a CPU, with the threads that are asked for."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        torch.set_num_threads(settings.threads)
    return device


def require_gpu() -> None:
    """Raises ConfigError where there is none that torch can use: for a step that asked for one, before it goes on
    quietly on cores, which takes many times as long on machines that cost more."""
    if not torch.cuda.is_available():
        raise ConfigError(
            f"this step asks for a GPU (runner.stages: hints: accelerator), and torch {torch.__version__}, made for "
            f"CUDA {torch.version.cuda}, finds none that it can use on {platform.node()}. An older driver needs an "
            "image with a torch for an older CUDA; without the hint the step runs on cores"
        )


def most_workers() -> int | None:
    """Of a job that encodes: one a GPU, as several processes would each wait for it; None where there is none."""
    return torch.cuda.device_count() or None


def describe(settings: EncoderSettings, device: torch.device) -> dict[str, str]:
    """What a run notes of its encoder."""
    name = "/".join(filter(None, (os.path.basename(settings.model.rstrip("/")), settings.pretrained)))
    return {"model": name, "precision": _resolve_precision(settings.precision, device)}


def _normalise(embeddings: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(embeddings.float(), dim=-1)


def _model_name(settings: EncoderSettings) -> str:
    return f"local-dir:{settings.model}" if os.path.isdir(settings.model) else settings.model


def _resolve_precision(precision: str, device: torch.device) -> str:
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "bf16" if native else "fp32"


def _build(settings: EncoderSettings, precision: str, device: torch.device) -> tuple[Any, Any]:
    """The model and its tokenizer."""
    import open_clip

    settings = at_hand(settings)
    check_encoder(settings)
    try:
        if is_transformers_folder(settings.model):
            model, tokenizer = load_transformers_clip(settings.model, _DTYPES[precision], device)
            return model.eval(), tokenizer
        name = _model_name(settings)
        is_random = settings.pretrained == "random"
        torch.manual_seed(_RANDOM_SEED)
        model = open_clip.create_model(
            name,
            pretrained=None if is_random else settings.pretrained,
            precision=precision,
            device=device,
            require_pretrained=not is_random,  # of a folder without weights it would else make a model at random
        )
        return model.eval(), open_clip.get_tokenizer(name)
    except Exception as error:  # open_clip, transformers and the hub raise many kinds; all mean the same to the user
        raise ConfigError(
            f"cannot load encoder {settings.model} with weights {settings.pretrained}: {error}\n"
            "Weights come from the hub, its local cache, or a folder or file, here or at a URI, given as encoder.model "
            "or encoder.pretrained."
        ) from error


def check_encoder(settings: EncoderSettings) -> None:
    """What can be told without loading anything: raises ConfigError for a model or weights that cannot be had. What
    lies at a URI is fetched."""
    settings = at_hand(settings)
    if is_transformers_folder(settings.model):
        require_clip(settings.model)
        if settings.pretrained is not None:
            raise ConfigError(
                f"encoder.pretrained is {settings.pretrained}, but {settings.model} holds its own weights: leave it out"
            )
    if os.path.isdir(settings.model):
        _check_folder(settings.model)
    elif not settings.model.startswith(("local-dir:", "hf-hub:")):
        _check_known(settings)


def _check_folder(folder: str) -> None:
    names = os.listdir(folder)
    lacks = [] if {"open_clip_config.json", "config.json"} & set(names) else ["open_clip_config.json"]
    if not any(name.endswith(_WEIGHTS_ENDINGS) for name in names):
        lacks.append(f"weights (a file ending in {', '.join(_WEIGHTS_ENDINGS)})")
    if lacks:
        raise ConfigError(f"cannot load encoder {folder}: it holds no {' and no '.join(lacks)}")


def _check_known(settings: EncoderSettings) -> None:
    import open_clip

    models = open_clip.list_models()
    if settings.model not in models:
        near = ", ".join(difflib.get_close_matches(settings.model, models, n=3, cutoff=0.4))
        raise ConfigError(
            f"unknown encoder {settings.model!r}: neither a folder nor one of open_clip's {len(models)} models"
            + (f". Did you mean {near}?" if near else "")
        )
    if settings.pretrained is None:
        raise ConfigError(
            f"encoder.pretrained is missing for {settings.model}: name a tag "
            f"({', '.join(open_clip.list_pretrained_tags_by_model(settings.model)) or 'none is published'}), "
            "a weights file, or 'random'"
        )
    if settings.pretrained == "random" or os.path.isfile(settings.pretrained):
        return
    tags = open_clip.list_pretrained_tags_by_model(settings.model)
    if settings.pretrained not in tags:
        raise ConfigError(
            f"unknown weights {settings.pretrained!r} for {settings.model}: neither a file nor one of its tags "
            f"({', '.join(tags) or 'none'})"
        )
