"""Floating-point operations of a training step, for MFU: what the mathematics asks for, not what is computed again.

Counted: the tower with its class tokens, attention per image and per document (causal: half), the merger, the text
model's matrices, and the head at the tokens that foretell a target, the only ones at which it is needed. A product of
(m, k) and (k, n) is 2·m·k·n. Norms, rotations and the embedding look-up are left out, as in PaLM (arXiv 2204.02311,
appendix B), where MFU is defined.

A layer's backward pass costs once its forward pass for the gradient of its inputs and once for that of its weights.
The first is needed where something before it learns, the second where it learns itself.
"""

from __future__ import annotations

import numpy as np
import torch

from model.architecture.configuration import LlavaOnevision1_5Config, is_moe
from model.training.packed_dataset import PackedSample
from model.training.settings import TrainSettings

#: Dense bfloat16, by a part of torch.cuda.get_device_name: the makers' data sheets, without sparsity.
PEAK_FLOPS_PER_SEC = {
    "B200": 2.25e15,
    "H200": 989e12,
    "H100": 989e12,
    "H800": 989e12,
    "GH200": 989e12,
    "A100": 312e12,
    "A800": 312e12,
}


def peak_flops_per_sec(device: torch.device) -> float | None:
    """Of one device in bfloat16, or None for one not known."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((peak for known, peak in PEAK_FLOPS_PER_SEC.items() if known in name), None)


class FlopCounter:
    """Counts the operations of packed batches for one model and one choice of what is trained."""

    def __init__(self, config: LlavaOnevision1_5Config, settings: TrainSettings) -> None:
        rates = settings.optimizer.learning_rates
        vision, merger = rates.vision is not None, rates.merger is not None
        language = rates.language is not None
        full = language and settings.lora is None
        before_text = vision or merger or language  # embeddings or adapters learn at the beginning of the text model
        self._config = config
        self._vision = 3 if vision else 1
        self._patches = 2 if vision else 1  # nothing before it learns
        self._merger = 3 if merger else 1 + vision  # its norm, which comes first, learns with it
        self._text_matrices = 1 + before_text + full
        self._text_attention = 3 if before_text else 1
        self._head = 1 + before_text + full

    def count(self, batch: PackedSample, num_targets: int) -> float:
        """Of the forward and backward pass over one collated batch."""
        lengths = batch["cu_seq_lens_q"].diff().numpy().astype(np.float64)
        return self.text(lengths) + self.head(num_targets) + self.tower(_frames(batch))

    def text(self, lengths: np.ndarray) -> float:
        """``lengths`` (D,) of documents, in tokens."""
        text = self._config.text_config
        query, key_value = text.num_attention_heads * text.head_dim, text.num_key_value_heads * text.head_dim
        matrices = text.hidden_size * (2 * query + 2 * key_value)
        if is_moe(self._config):
            matrices += text.hidden_size * text.num_experts
            matrices += 3 * text.hidden_size * text.moe_intermediate_size * text.num_experts_per_tok
        else:
            matrices += 3 * text.hidden_size * text.intermediate_size
        # scores and mixing are 2 products each of 2·L²·width, of which a causal mask needs half
        attention = 2 * query * float((lengths**2).sum())
        per_layer = self._text_matrices * 2 * matrices * float(lengths.sum()) + self._text_attention * attention
        return text.num_hidden_layers * per_layer

    def head(self, num_targets: int) -> float:
        text = self._config.text_config
        return self._head * 2.0 * num_targets * text.hidden_size * text.vocab_size

    def tower(self, patches: np.ndarray) -> float:
        """``patches`` (S,) of each image and frame; each brings a class token."""
        vision = self._config.vision_config
        width, tokens = vision.hidden_size, patches + 1
        matrices = 4 * width**2 + 2 * width * vision.intermediate_size
        block = 2 * matrices * float(tokens.sum()) + 4 * width * float((tokens**2).sum())
        embedding = 2 * vision.in_channels * vision.patch_size**2 * width * float(patches.sum())
        merged = width * vision.spatial_merge_size**2
        merger = 2 * merged * (merged + vision.text_hidden_size) * float(patches.sum()) / vision.spatial_merge_size**2
        return self._vision * vision.depth * block + self._patches * embedding + self._merger * merger


def _frames(batch: PackedSample) -> np.ndarray:
    """Patches of each image and frame of a batch (S,)."""
    grids = [batch[name] for name in ("image_grid_thw", "video_grid_thw") if name in batch]
    if not grids:
        return np.zeros(0)
    frames, high, wide = torch.cat(grids).T.numpy()
    return np.repeat((high * wide).astype(np.float64), frames)
