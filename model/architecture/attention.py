"""One attention for documents and for images: segments of a flat sequence that do not see each other.

Where the segments lie is worked out once per batch and handed to every layer under transformers' own names
(``cu_seq_lens_q``, ``max_length_q``, …), so that transformers' flash-attention functions understand it too:
``attn_implementation="flash_attention_2"`` uses flash-attn where it is installed. The default, ``"packed"``, uses
torch's variable-length attention on CUDA in half precision, and one SDPA call per segment everywhere else. No mask of
S×S is built, and no layer works the segments out again.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypedDict

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own idiom
from torch import nn
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from model.errors import BatchError

#: The name under which transformers finds this attention.
PACKED = "packed"


class Segments(TypedDict):
    """Boundaries of S segments: cu_seq_lens (S+1,) int32 on the device, longest segment on the host."""

    cu_seq_lens_q: torch.Tensor
    cu_seq_lens_k: torch.Tensor
    max_length_q: int
    max_length_k: int


def segments_of(lengths: torch.Tensor, device: torch.device | str) -> Segments:
    """Segments of the given ``lengths`` (S,). Lengths on the host cost no synchronisation."""
    boundaries = F.pad(lengths.cumsum(0, dtype=torch.int32), (1, 0)).to(device, non_blocking=True)
    return segments_at(boundaries, int(lengths.max()) if lengths.numel() else 0)


def segments_at(cu_seq_lens: torch.Tensor, max_length: int | None = None) -> Segments:
    """Segments between boundaries (S+1,) on the device; ``max_length`` spares a synchronisation."""
    longest = int(cu_seq_lens.diff().max()) if max_length is None else max_length
    return Segments(cu_seq_lens_q=cu_seq_lens, cu_seq_lens_k=cu_seq_lens, max_length_q=longest, max_length_k=longest)


def packed_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within segments; without segments (generation), transformers' SDPA with its mask.

    query (B, heads, S, D), key and value (B, kv_heads, S, D) → (B, S, heads, D). The rows of a batch are laid end to
    end: segments count from the first token of the first row to the last of the last.
    """
    if cu_seq_lens_q is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, is_causal=is_causal, **kwargs
        )
    if dropout or kwargs.get("sliding_window"):
        raise BatchError("packed attention has neither dropout nor sliding windows: set attention_dropout to 0")
    causal = bool(module.is_causal if is_causal is None else is_causal)
    batch, _, length, _ = query.shape
    query, key, value = (states.transpose(1, 2).flatten(0, 1) for states in (query, key, value))
    output: Any
    if query.is_cuda and query.dtype in (torch.bfloat16, torch.float16):
        longest = max_length_q or int(cu_seq_lens_q.diff().max())
        output = varlen_attn(
            query,
            key,
            value,
            cu_seq_lens_q,
            cu_seq_lens_q,
            longest,
            longest,
            scale=scaling,
            window_size=(-1, 0) if causal else (-1, -1),
            enable_gqa=key.shape[1] != query.shape[1],
        )
    else:
        output = _segment_by_segment(query, key, value, cu_seq_lens_q, scaling, causal)
    return output.unflatten(0, (batch, length)), None


@torch.compiler.disable  # unrolled, it would be compiled anew for every number of segments
def _segment_by_segment(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seq_lens: torch.Tensor,
    scaling: float | None,
    causal: bool,
) -> torch.Tensor:
    """SDPA for each segment by itself: query (T, heads, D), key and value (T, kv_heads, D) → (T, heads, D)."""
    boundaries = cu_seq_lens.tolist()
    if boundaries[0] != 0 or boundaries[-1] != len(query):
        raise BatchError(f"segments span tokens {boundaries[0]} to {boundaries[-1]}, the batch has {len(query)}")
    lengths = [stop - start for start, stop in pairwise(boundaries)]
    if min(lengths, default=0) < 0:
        raise BatchError(f"boundaries of segments fall: {boundaries}")
    # (T, heads, D) -> (1, heads, T, D), as SDPA wants it. Split at once: each slice by itself would have a gradient as
    # long as the batch, and all of them be added
    parts = (torch.split(states.transpose(0, 1)[None], lengths, dim=2) for states in (query, key, value))
    has_groups = key.shape[1] != query.shape[1]
    outputs = [
        F.scaled_dot_product_attention(q, k, v, scale=scaling, is_causal=causal, enable_gqa=has_groups)
        for q, k, v in zip(*parts, strict=True)
    ]
    return torch.cat(outputs, dim=2)[0].transpose(0, 1)


def packed_mask(
    batch_size: int, q_length: int, kv_length: int, attention_mask: torch.Tensor | None = None, **kwargs: Any
) -> torch.Tensor | None:
    """The mask for :func:`packed_attention`: none unless there is padding or a cache, then SDPA's."""
    if attention_mask is None and q_length == kv_length:
        return None
    return sdpa_mask(
        batch_size=batch_size, q_length=q_length, kv_length=kv_length, attention_mask=attention_mask, **kwargs
    )


def register_attention() -> None:
    """Make ``attn_implementation="packed"`` known to transformers."""
    AttentionInterface.register(PACKED, packed_attention)
    AttentionMaskInterface.register(PACKED, packed_mask)
