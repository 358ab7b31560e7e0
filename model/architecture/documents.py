"""Several documents in one row: where they begin, their positions, and the mistakes that would let them mix.

In transformers' own Qwen3, positions that restart together with a cache, a mask of ones or a mask of document numbers
give attention across documents without a word. Here each of these is either right or an error.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from model.architecture.attention import Segments, segments_at
from model.errors import BatchError


def find_documents(
    batch_shape: tuple[int, int],
    position_ids: torch.Tensor | None,
    attention_mask: torch.Tensor | None,
    past_key_values: Any,
    use_cache: bool | None,
    cu_seq_lens: torch.Tensor | None,
    max_length: int | None,
) -> Segments | None:
    """Segments of a packed batch (B, S), or None where every row is one document.

    Documents are packed if ``cu_seq_lens`` (D+1,) says so, or if positions start again within a row. With
    ``cu_seq_lens`` and ``max_length`` given, nothing is read back from the device. Raises BatchError for a mask or a
    cache with them.
    """
    if cu_seq_lens is None:
        if past_key_values is not None and past_key_values.get_seq_length() > 0:
            return None
        cu_seq_lens = _restarts(batch_shape, position_ids, attention_mask)
        if cu_seq_lens is None:
            return None
    if attention_mask is not None:
        raise BatchError("packed documents take cu_seq_lens_q and no attention_mask; a tail of padding is a document")
    if use_cache or past_key_values is not None:
        raise BatchError("packed documents cannot be generated from: give each prompt a row of its own, or no cache")
    if cu_seq_lens.device.type == "cpu" and int(cu_seq_lens[-1]) != batch_shape[0] * batch_shape[1]:
        raise BatchError(f"cu_seq_lens_q ends at {int(cu_seq_lens[-1])}, the batch has {batch_shape} tokens")
    return segments_at(cu_seq_lens, max_length)


def _restarts(
    batch_shape: tuple[int, int], position_ids: torch.Tensor | None, attention_mask: torch.Tensor | None
) -> torch.Tensor | None:
    """Boundaries of documents from positions (1 or B, S) that start again, or None if they never do."""
    # generate() also passes masks that are ready to use, of four dimensions or several in a dict: they are left alone.
    padding = attention_mask if isinstance(attention_mask, torch.Tensor) and attention_mask.ndim == 2 else None
    if padding is not None and bool((padding > 1).any()):
        raise BatchError("an attention_mask of document numbers is not understood: pass cu_seq_lens_q and no mask")
    if position_ids is None or position_ids.ndim != 2 or position_ids.shape[-1] != batch_shape[1]:
        return None
    again = (position_ids.diff(dim=1) <= 0).expand(batch_shape[0], -1)
    if padding is not None:
        seen = padding[:, -batch_shape[1] :].bool()
        again = again & seen[:, 1:] & seen[:, :-1]
    if not bool(again.any()):
        return None
    starts = F.pad(again, (1, 0), value=True).flatten().nonzero().squeeze(1)
    return F.pad(starts, (0, 1), value=batch_shape[0] * batch_shape[1]).to(torch.int32)


def document_positions(cu_seq_lens: torch.Tensor, batch_shape: tuple[int, int]) -> torch.Tensor:
    """Positions (B, S) that count from 0 in each document."""
    tokens = torch.arange(batch_shape[0] * batch_shape[1], device=cu_seq_lens.device)
    document = torch.searchsorted(cu_seq_lens[1:], tokens, right=True)
    return (tokens - cu_seq_lens[document]).view(batch_shape)


def without_first_tokens(labels: torch.Tensor, cu_seq_lens: torch.Tensor, ignore: int = -100) -> torch.Tensor:
    """Labels (B, S) in which no document's last token is taught to foretell the next document's first."""
    return labels.flatten().index_fill(0, cu_seq_lens[:-1].long(), ignore).view_as(labels)
