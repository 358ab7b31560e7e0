"""The model as training calls it: a packed batch in, its part of the step's loss out.

The loss is computed inside, so that a sharded head is whole while it is used, and normalised by the targets of the
whole step: a target counts the same in whichever pack, micro-batch or process it lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers.models.qwen3_moe.modeling_qwen3_moe import load_balancing_loss_func

from model.architecture.configuration import is_moe
from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.training.loss import chunked_cross_entropy, find_targets
from model.training.packed_dataset import PackedSample

_GRIDS = ("image_grid_thw", "video_grid_thw")  # stay on the host, where the layout of patches is worked out


@dataclass(frozen=True)
class MicroBatch:
    """A collated batch on the host, and what it teaches: T ``targets`` and their ``places`` in the flattened tokens."""

    inputs: PackedSample
    places: torch.Tensor
    targets: torch.Tensor

    @classmethod
    def of(cls, inputs: PackedSample) -> MicroBatch:
        return cls(inputs, *find_targets(inputs["labels"], inputs["cu_seq_lens_q"]))

    def arguments(self, device: torch.device) -> dict[str, Any]:
        """The arguments of :class:`LossModule`, moved."""
        moved: dict[str, Any] = {"places": self.places, "targets": self.targets}
        moved |= {name: value for name, value in self.inputs.items() if name not in ("labels", "keys")}
        return {
            name: value.to(device, non_blocking=True) if torch.is_tensor(value) and name not in _GRIDS else value
            for name, value in moved.items()
        }


class LossModule(nn.Module):
    def __init__(self, model: LlavaOnevision1_5ForConditionalGeneration, chunk_tokens: int) -> None:
        super().__init__()
        self.model = model
        self.chunk_tokens = chunk_tokens
        self.balances_experts = is_moe(model.config)

    def forward(
        self, places: torch.Tensor, targets: torch.Tensor, step_targets: float, step_parts: int, **inputs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss of this micro-batch as a part of the step's, and the bare sum of −log p for the log.

        ``step_targets``: targets of the whole step; ``step_parts``: its micro-batches, over all processes.
        """
        if self.balances_experts:
            inputs["output_router_logits"] = True
        outputs = self.model.model(**inputs)
        hidden_states = outputs.last_hidden_state.flatten(0, 1).index_select(0, places)
        total = chunked_cross_entropy(hidden_states, self.model.lm_head.weight, targets, self.chunk_tokens)
        loss = total / step_targets
        if self.balances_experts:
            text = self.model.config.text_config
            balance = load_balancing_loss_func(outputs.router_logits, text.num_experts, text.num_experts_per_tok)
            loss = loss + text.router_aux_loss_coef * balance / step_parts
        return loss, total.detach()
