"""LLaVA-OneVision-1.5 in one file, for transformers 4.53 and later, 5 among them; needs nothing of any other package.

It lies beside exported weights and is loaded with ``trust_remote_code=True``. Its modules are named as the tensors of
the released checkpoints, so no loader has to rename any. Every image, and every frame of a video, is led by a class
token of its own, which is taken out again at its own place.

Shapes: B rows of S tokens, N patches of all images, T patches and class tokens, D width of the tower, H of the text.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own idiom
import transformers
from torch import nn
from transformers import (
    GenerationMixin,
    PretrainedConfig,
    PreTrainedModel,
    Qwen2_5_VLProcessor,
    Qwen3Config,
    Qwen3Model,
    Qwen3MoeConfig,
    Qwen3MoeModel,
)
from transformers.modeling_outputs import CausalLMOutputWithPast

_MAJOR_VERSION = int(transformers.__version__.split(".")[0])


class RiceConfig(PretrainedConfig):
    """The vision tower; the defaults are those of the 4B release."""

    model_type = "rice_vit"
    base_config_key = "vision_config"

    def __init__(
        self,
        depth: int = 24,
        embed_dim: int = 1024,
        hidden_size: int = 1024,
        intermediate_size: int = 4096,
        num_heads: int = 16,
        in_channels: int = 3,
        patch_size: int = 14,
        spatial_merge_size: int = 2,
        temporal_patch_size: int = 1,
        initializer_range: float = 0.02,
        layer_norm_eps: float = 1e-5,
        rope_theta: float = 10000.0,
        text_hidden_size: int = 2560,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.depth = depth
        self.embed_dim = embed_dim
        self.hidden_size = hidden_size
        self.intermediate_size = intermediate_size
        self.num_heads = num_heads
        self.in_channels = in_channels
        self.patch_size = patch_size
        self.spatial_merge_size = spatial_merge_size
        self.temporal_patch_size = temporal_patch_size
        self.initializer_range = initializer_range
        self.layer_norm_eps = layer_norm_eps
        self.rope_theta = rope_theta
        self.text_hidden_size = text_hidden_size


class LlavaOnevision1_5Config(PretrainedConfig):  # noqa: N801 - the name of the release
    """The joined model: ``vision_config``, ``text_config`` (Qwen3, or Qwen3-MoE where it counts experts)."""

    model_type = "llavaonevision1_5"
    sub_configs = {"vision_config": RiceConfig, "text_config": Qwen3Config}  # noqa: RUF012
    keys_to_ignore_at_inference = ["past_key_values"]  # noqa: RUF012

    def __init__(
        self,
        vision_config: Any = None,
        text_config: Any = None,
        image_token_id: int = 151655,
        video_token_id: int = 151656,
        vision_start_token_id: int = 151652,
        vision_end_token_id: int = 151653,
        **kwargs: Any,
    ) -> None:
        text = {} if text_config is None else text_config
        if isinstance(text, dict):
            kind = Qwen3MoeConfig if text.get("num_experts") else Qwen3Config
            text = kind(**{key: value for key, value in text.items() if key != "model_type"})
        vision = {} if vision_config is None else vision_config
        self.text_config = text
        self.vision_config = RiceConfig(**vision) if isinstance(vision, dict) else vision
        self.image_token_id = image_token_id
        self.video_token_id = video_token_id
        self.vision_start_token_id = vision_start_token_id
        self.vision_end_token_id = vision_end_token_id
        kwargs.pop("vocab_size", None)  # the text part's is meant
        tied = kwargs.pop("tie_word_embeddings", False) or text.tie_word_embeddings
        super().__init__(tie_word_embeddings=tied, **kwargs)
        self.vocab_size = text.vocab_size

    def get_text_config(self, *_args: Any, **_kwargs: Any) -> PretrainedConfig:
        return self.text_config


class RicePatchEmbed(nn.Module):
    """Rows of pixels (N, 3·14·14) → patches (N, D)."""

    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.pixel_shape = (config.in_channels, config.patch_size, config.patch_size)
        size = config.patch_size
        self.proj = nn.Conv2d(config.in_channels, config.embed_dim, size, stride=size, bias=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        width = self.pixel_shape[0] * self.pixel_shape[1] * self.pixel_shape[2]
        if pixels.shape[-1] != width:
            raise ValueError(
                f"rows of pixels are {pixels.shape[-1]} wide, this model takes {width}: one frame a patch. Load the "
                "processor of this folder, or set temporal_patch_size to 1 in the image and the video processor."
            )
        return self.proj(pixels.to(self.proj.weight.dtype).view(-1, *self.pixel_shape)).flatten(1)


class RiceAttention(nn.Module):
    """Full attention within each segment, rotary positions on queries and keys in float32."""

    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, lengths: list[int]) -> torch.Tensor:
        """States (T, D), rotation (T, 1, D/heads) each, patches and class token of each segment → (T, D)."""
        query, key, value = self.qkv(states).unflatten(-1, (3, self.num_heads, -1)).unbind(1)
        query, key = _rotate(query, cos, sin), _rotate(key, cos, sin)
        parts = zip(*(one.transpose(0, 1).split(lengths, dim=1) for one in (query, key, value)), strict=True)
        attended = [F.scaled_dot_product_attention(*(one[None] for one in part))[0] for part in parts]
        return self.proj(torch.cat(attended, dim=1).transpose(0, 1).flatten(1))


def _rotate(states: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    wide = states.float()
    first, second = wide.chunk(2, dim=-1)
    return (wide * cos + torch.cat((-second, first), dim=-1) * sin).to(states.dtype)


class RiceMlp(nn.Module):
    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.gelu(self.fc1(states)))


class RiceBlock(nn.Module):
    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.attn = RiceAttention(config)
        self.norm2 = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = RiceMlp(config)

    def forward(self, states: torch.Tensor, *rotation_and_lengths: Any) -> torch.Tensor:
        states = states + self.attn(self.norm1(states), *rotation_and_lengths)
        return states + self.mlp(self.norm2(states))


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


class RiceTower(nn.Module):
    """Patches of all images and frames end to end; each image, and each frame of a video, is a segment."""

    def __init__(self, config: RiceConfig) -> None:
        super().__init__()
        self.config = config
        self.class_embedding = nn.Parameter(torch.zeros(config.embed_dim))
        self.class_pos_emb = nn.Parameter(torch.zeros(1, config.hidden_size // config.num_heads // 2))
        self.patch_embed = RicePatchEmbed(config)
        self.pre_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.blocks = nn.ModuleList(RiceBlock(config) for _ in range(config.depth))
        self.merger = RicePatchMerger(config)

    def forward(self, pixels: torch.Tensor, grid_thw: torch.Tensor) -> torch.Tensor:
        """Pixels (N, 588) of images of ``grid_thw`` (images, 3): frames, rows, columns of patches → (N/4, H)."""
        frames = grid_thw[:, 1:].repeat_interleave(grid_thw[:, 0], dim=0)
        lengths = frames.prod(1).tolist()
        patches = self.patch_embed(pixels)
        leader = self.class_embedding.to(patches.dtype)[None]
        states = self.pre_layernorm(_led(leader, patches.split(lengths)))
        angles = _led(self.class_pos_emb.float(), [self._angles(*frame) for frame in frames.tolist()])
        doubled = torch.cat((angles, angles), dim=-1)[:, None]
        rotation, led_lengths = (doubled.cos(), doubled.sin()), [length + 1 for length in lengths]
        for block in self.blocks:
            states = block(states, *rotation, led_lengths)
        return self.merger(torch.cat([segment[1:] for segment in states.split(led_lengths)]))

    def _angles(self, rows: int, columns: int) -> torch.Tensor:
        """(rows · columns, d/2) in float32; patches come in blocks that will be merged, block after block."""
        merge, device = self.config.spatial_merge_size, self.class_pos_emb.device
        row = torch.arange(rows, device=device)[:, None].expand(rows, columns)
        column = torch.arange(columns, device=device)[None].expand(rows, columns)
        places = torch.stack((row, column), dim=-1).view(rows // merge, merge, columns // merge, merge, 2)
        places = places.transpose(1, 2).flatten(0, 3).float()
        number = self.config.hidden_size // self.config.num_heads // 4
        frequencies = 1.0 / self.config.rope_theta ** (torch.arange(number, device=device) / number)
        return (places[:, :, None] * frequencies).flatten(1)


def _led(leader: torch.Tensor, segments: Any) -> torch.Tensor:
    """Segments end to end, ``leader`` before each."""
    return torch.cat([part for segment in segments for part in (leader, segment)])


class LLaVAOneVision1_5_ForConditionalGeneration(PreTrainedModel, GenerationMixin):  # noqa: N801
    config_class = LlavaOnevision1_5Config
    _no_split_modules = ["Qwen3DecoderLayer", "Qwen3MoeDecoderLayer", "RiceBlock"]  # noqa: RUF012
    _skip_keys_device_placement = "past_key_values"
    _supports_flash_attn = _supports_flash_attn_2 = _supports_sdpa = _supports_attention_backend = True
    _supports_cache_class = True
    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"} if _MAJOR_VERSION >= 5 else ["lm_head.weight"]

    def __init__(self, config: LlavaOnevision1_5Config) -> None:
        super().__init__(config)
        text = config.text_config
        self.visual = RiceTower(config.vision_config)
        self.model = (Qwen3MoeModel if getattr(text, "num_experts", 0) else Qwen3Model)._from_config(text)
        self.lm_head = nn.Linear(text.hidden_size, text.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.model.embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.model.embed_tokens = value

    def get_output_embeddings(self) -> nn.Module:
        return self.lm_head

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        use_cache: bool | None = None,
        pixel_values: torch.Tensor | None = None,
        image_grid_thw: torch.Tensor | None = None,
        pixel_values_videos: torch.Tensor | None = None,
        video_grid_thw: torch.Tensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        second_per_grid_ts: Any = None,  # noqa: ARG002 - processors make these three, and generate() asks who takes them
        mm_token_type_ids: Any = None,  # noqa: ARG002
        rope_deltas: Any = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Tokens (B, S) with pictures in the order of their placeholders → logits (B, S, vocabulary).

        Raises ValueError unless there are as many placeholders as features.
        """
        if inputs_embeds is None:
            images = (self.config.image_token_id, pixel_values, image_grid_thw)
            inputs_embeds = self._embed(
                input_ids, images, (self.config.video_token_id, pixel_values_videos, video_grid_thw)
            )
        outputs = self.model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            use_cache=use_cache,
            **{key: value for key, value in kwargs.items() if key != "return_dict"},
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(outputs.last_hidden_state[:, kept])
        loss = None
        if labels is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.text_config.vocab_size)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
        )

    def _embed(self, input_ids: Any, *pictures: tuple[int, Any, Any]) -> torch.Tensor:
        """Tokens (B, S) and, of each kind of picture, its placeholder, pixels and grids → embeddings (B, S, H)."""
        embeds = self.get_input_embeddings()(input_ids)
        for token_id, pixels, grid in pictures:
            if pixels is None:
                continue
            places, features = input_ids == token_id, self.visual(pixels, grid)
            if int(places.sum()) != len(features):
                raise ValueError(f"{int(places.sum())} placeholder tokens for {len(features)} features of pictures")
            embeds = embeds.masked_scatter(places[..., None], features.to(embeds.device, embeds.dtype))
        return embeds

    def prepare_inputs_for_generation(self, input_ids: torch.Tensor, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Pictures go in with the prompt alone: the cache keeps what they gave."""
        inputs = super().prepare_inputs_for_generation(input_ids, *args, **kwargs)
        cache = inputs.get("past_key_values")
        if cache is not None and cache.get_seq_length() > 0:
            inputs["pixel_values"] = inputs["pixel_values_videos"] = None
        return inputs


class LlavaOnevision1_5Processor(Qwen2_5_VLProcessor):  # noqa: N801 - the name of the release
    """Qwen2.5-VL's processor with one frame a patch, for images and for videos."""

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        video_processor: Any = None,
        chat_template: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_processor, tokenizer, video_processor, chat_template=chat_template, **kwargs)
        self.image_processor.temporal_patch_size = 1
        self.video_processor.temporal_patch_size = 1
