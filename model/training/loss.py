"""Cross-entropy of the language head without the logits of the whole batch.

Only the tokens that foretell a target go through the head, a chunk at a time; a chunk's gradients are worked out while
its logits exist, so the head is multiplied three times for a step, as without chunks, and never once more.

Shapes: B rows of S tokens, T targets in the batch, H width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from model.architecture.documents import without_first_tokens

IGNORED = -100


def find_targets(labels: torch.Tensor, cu_seq_lens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels (B, S), not shifted, of packed documents → places (T,) in B·S that foretell, and what (T,).

    On the host this costs the device no wait.
    """
    next_labels = without_first_tokens(labels, cu_seq_lens).flatten()[1:]
    places = (next_labels != IGNORED).nonzero().squeeze(1)
    return places, next_labels[places]


def chunked_cross_entropy(
    hidden_states: torch.Tensor, head: torch.Tensor, targets: torch.Tensor, chunk_tokens: int
) -> torch.Tensor:
    """Sum of −log p(target) for hidden states (T, H) under a head (V, H), in float32; differentiable in both."""
    return _ChunkedCrossEntropy.apply(hidden_states, head, targets, chunk_tokens)


class _ChunkedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden_states: torch.Tensor, head: torch.Tensor, targets: torch.Tensor, chunk_tokens: int
    ) -> torch.Tensor:
        wants_hidden, wants_head = ctx.needs_input_grad[:2]
        hidden_gradient = torch.empty_like(hidden_states) if wants_hidden else None
        # float32: a sum over chunks in bfloat16 would lose what late chunks add
        head_gradient = torch.zeros_like(head, dtype=torch.float32) if wants_head else None
        total = hidden_states.new_zeros((), dtype=torch.float32)
        for start in range(0, len(targets), chunk_tokens):
            chunk = slice(start, start + chunk_tokens)
            logits = (hidden_states[chunk] @ head.T).float()
            log_probabilities = F.log_softmax(logits, dim=-1)
            wanted = targets[chunk, None]
            total -= log_probabilities.gather(1, wanted).sum()
            if not (wants_hidden or wants_head):
                continue
            # d/dlogits = softmax − one-hot
            gradient = log_probabilities.exp_().scatter_add_(1, wanted, -torch.ones_like(wanted, dtype=torch.float32))
            gradient = gradient.to(head.dtype)
            if hidden_gradient is not None:
                hidden_gradient[chunk] = gradient @ head
            if head_gradient is not None:
                head_gradient += gradient.T @ hidden_states[chunk]
        ctx.save_for_backward(hidden_gradient, head_gradient)
        ctx.head_dtype = head.dtype
        return total

    @staticmethod
    def backward(ctx: Any, *output_gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (scale,) = output_gradients
        hidden_gradient, head_gradient = ctx.saved_tensors
        return (
            None if hidden_gradient is None else hidden_gradient * scale.to(hidden_gradient.dtype),
            None if head_gradient is None else (head_gradient * scale).to(ctx.head_dtype),
            None,
            None,
        )
