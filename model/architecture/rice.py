"""Rice ViT: a vision tower at native resolution, then the merger of 2×2 patches into one text token.

Patches of all images and frames lie end to end. Each image, and each frame of a video, is a segment: it gets its own
copy of the class token and sees only itself. Reference: An et al., LLaVA-OneVision-1.5 (arXiv 2509.23661).

Shapes: N patches in the batch, S segments, T = N + S tokens, D width of the tower, H width of the text model.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import initialization as init
from transformers.activations import ACT2FN
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from model.architecture.attention import PACKED, Segments, packed_attention, register_attention
from model.architecture.configuration import RiceConfig
from model.architecture.loading import LoadedWhole
from model.architecture.vision_layout import VisionLayout
from model.errors import BatchError

register_attention()


class RicePatchEmbed(nn.Module):
    """Rows of pixels (N, 3·14·14) → patches (N, D)."""

    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.pixel_shape = (config.in_channels, config.patch_size, config.patch_size)
        self.proj = nn.Conv2d(
            config.in_channels, config.embed_dim, config.patch_size, stride=config.patch_size, bias=False
        )

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        if pixel_values.shape[-1] != (width := math.prod(self.pixel_shape)):
            raise BatchError(
                f"rows of pixels are {pixel_values.shape[-1]} wide, the tower takes {width}: one frame a patch. Make "
                "them by this model's own processor, LlavaOnevision1_5Processor.from_pretrained(folder)"
            )
        pixels = pixel_values.to(self.proj.weight.dtype).view(-1, *self.pixel_shape)
        return self.proj(pixels).flatten(1)


class RiceAttention(nn.Module):
    """Full attention within each segment, with rotary positions on queries and keys in float32."""

    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.config = config
        self.num_heads = config.num_heads
        self.is_causal = False  # what an attention function goes by
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(
        self, hidden_states: torch.Tensor, rotation: tuple[torch.Tensor, torch.Tensor], segments: Segments
    ) -> torch.Tensor:
        """Hidden states (T, D), rotation (cos, sin) each (T, D/heads) → (T, D)."""
        query, key, value = self.qkv(hidden_states).unflatten(-1, (3, self.num_heads, -1)).unbind(1)
        query, key = _rotate(query, *rotation), _rotate(key, *rotation)
        query, key, value = (states.transpose(0, 1)[None] for states in (query, key, value))
        name = self.config._attn_implementation
        # sdpa and eager know no segments: only transformers' flash functions may stand in for ours.
        attend = ALL_ATTENTION_FUNCTIONS[name] if "flash" in name else packed_attention
        output, _ = attend(self, query, key, value, None, **segments)
        return self.proj(output[0].flatten(1))


def _rotate(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotate the halves (T, heads, d) by angles (T, d), in float32."""
    wide = states.float()
    first, second = wide.chunk(2, dim=-1)
    rotated = wide * cos[:, None] + torch.cat((-second, first), dim=-1) * sin[:, None]
    return rotated.to(states.dtype)


class RiceMlp(nn.Module):
    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.act = ACT2FN[config.hidden_act]
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.act(self.fc1(hidden_states)))


class RiceBlock(GradientCheckpointingLayer):
    """A pre-norm transformer block: attention, then MLP."""

    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.attn = RiceAttention(config)
        self.norm2 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = RiceMlp(config)

    def forward(
        self, hidden_states: torch.Tensor, rotation: tuple[torch.Tensor, torch.Tensor], segments: Segments
    ) -> torch.Tensor:
        hidden_states = hidden_states + self.attn(self.norm1(hidden_states), rotation, segments)
        return hidden_states + self.mlp(self.norm2(hidden_states))


class RicePatchMerger(nn.Module):
    """Four neighbouring patches (N, D) → one text token (N/4, H)."""

    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.merged_size = config.hidden_size * config.spatial_merge_size**2
        self.ln_q = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = nn.Sequential(
            nn.Linear(self.merged_size, self.merged_size),
            nn.GELU(),
            nn.Linear(self.merged_size, config.text_hidden_size),
        )

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        return self.mlp(self.ln_q(patches).view(-1, self.merged_size))


class RicePretrainedModel(LoadedWhole):
    """The vision tower.

    ``class_pos_emb`` (1, D/heads/2) holds the class token's rotary *angles*, learned; it is not added to anything.
    There is no norm after the last block: the merger's ``ln_q`` does that work.
    """

    config_class = RiceConfig
    config: RiceConfig
    main_input_name = "pixel_values"
    input_modalities = ("image", "video")
    supports_gradient_checkpointing = True
    _no_split_modules = ("RiceBlock",)
    _input_embed_layer = "patch_embed"
    _supports_flash_attn = True
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: RiceConfig) -> None:
        super().__init__(config)
        self.class_embedding = nn.Parameter(torch.empty(config.embed_dim))
        self.class_pos_emb = nn.Parameter(torch.empty(1, config.head_dim // 2))
        self.patch_embed = RicePatchEmbed(config)
        self.pre_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.blocks = nn.ModuleList(RiceBlock(config) for _ in range(config.depth))
        self.merger = RicePatchMerger(config)
        self.gradient_checkpointing = False
        self.post_init()

    def get_correct_attn_implementation(self, requested: str | None, is_init_check: bool = False) -> str:
        return super().get_correct_attn_implementation(requested or PACKED, is_init_check)

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if module is self:  # as MLCD, the tower's ancestor, begins them
            init.normal_(self.class_embedding, std=self.config.embed_dim**-0.5)
            init.normal_(self.class_pos_emb, std=(self.config.head_dim // 2) ** -0.5)

    def forward(self, pixel_values: torch.Tensor, grid_thw: torch.Tensor) -> BaseModelOutputWithPooling:
        """Pixels (N, 588) of images and videos with sizes ``grid_thw`` (images, 3), in patches: frames, rows, columns.

        → ``last_hidden_state`` (N, D) without class tokens, and ``pooler_output`` (N/4, H) ready for the text model.
        A grid on the host costs no synchronisation. Raises BatchError if pixels and grid disagree.
        """
        layout = VisionLayout.of(grid_thw, len(pixel_values), self.config.spatial_merge_size, pixel_values.device)
        patches = self.patch_embed(pixel_values)
        hidden_states = patches.new_empty(layout.num_tokens, self.config.embed_dim)
        hidden_states = hidden_states.index_copy(0, layout.patch_rows, patches)
        class_tokens = self.class_embedding.to(patches.dtype).expand(len(layout.class_rows), -1)
        hidden_states = self.pre_layernorm(hidden_states.index_copy(0, layout.class_rows, class_tokens))
        rotation = self._rotation(layout)
        for block in self.blocks:
            hidden_states = block(hidden_states, rotation, layout.segments)
        patches = hidden_states.index_select(0, layout.patch_rows)
        return BaseModelOutputWithPooling(last_hidden_state=patches, pooler_output=self.merger(patches))

    def _rotation(self, layout: VisionLayout) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines (T, d) in float32: rows turn the first half of the d/2 angles, columns the second."""
        num_angles = self.config.head_dim // 4
        exponents = torch.arange(num_angles, device=layout.positions.device) / num_angles
        angles = (layout.positions[:, :, None] * (1.0 / self.config.rope_theta**exponents)).flatten(1)
        every_angle = angles.new_empty(layout.num_tokens, angles.shape[1])
        every_angle = every_angle.index_copy(0, layout.patch_rows, angles)
        class_angles = self.class_pos_emb.float().expand(len(layout.class_rows), -1)
        every_angle = every_angle.index_copy(0, layout.class_rows, class_angles)
        doubled = torch.cat((every_angle, every_angle), dim=-1)
        return doubled.cos(), doubled.sin()
