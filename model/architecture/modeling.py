"""LLaVA-OneVision-1.5: Rice ViT, its merger, and transformers' own Qwen3 with a language head.

Positions are plain 1-D: a picture's tokens are ordinary tokens of the text. Several documents may share a row, given
``cu_seq_lens_q`` (see :mod:`model.architecture.documents`).

Shapes: B rows of S tokens, N patches of all images, H width of the text model, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import GenerationMixin, Qwen3Model, Qwen3MoeModel
from transformers.modeling_outputs import BaseModelOutputWithPast, BaseModelOutputWithPooling, CausalLMOutputWithPast
from transformers.modeling_utils import slice_logits_to_keep
from transformers.models.qwen3_moe.modeling_qwen3_moe import load_balancing_loss_func
from transformers.utils import can_return_tuple

from model.architecture.attention import PACKED, Segments
from model.architecture.configuration import LlavaOnevision1_5Config, is_moe
from model.architecture.documents import document_positions, find_documents, without_first_tokens
from model.architecture.loading import LoadedWhole
from model.architecture.pictures import encoded_features, insert_features, join_pixels
from model.architecture.rice import RicePretrainedModel
from model.errors import BatchError, ModelConfigError


class LlavaOnevision1_5PreTrainedModel(LoadedWhole):  # noqa: N801 - the names of the release
    config_class = LlavaOnevision1_5Config
    config: LlavaOnevision1_5Config
    base_model_prefix = "model"
    input_modalities = ("image", "video", "text")
    supports_gradient_checkpointing = True
    _no_split_modules = ("Qwen3DecoderLayer", "Qwen3MoeDecoderLayer", "RiceBlock")
    _skip_keys_device_placement = ("past_key_values",)
    _supports_flash_attn = True
    _supports_sdpa = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def get_correct_attn_implementation(self, requested: str | None, is_init_check: bool = False) -> str:
        return super().get_correct_attn_implementation(requested or PACKED, is_init_check)


class LlavaOnevision1_5Model(LlavaOnevision1_5PreTrainedModel):  # noqa: N801
    """Vision tower and text model joined, without the language head.

    ``always_run_vision`` sends one blank image through the tower when a batch holds none, and adds nothing of it: ranks
    that shard the tower between them must all call it, whatever their batch holds.
    """

    def __init__(self, config: LlavaOnevision1_5Config) -> None:
        super().__init__(config)
        vision, text = config.vision_config, config.text_config
        if vision.text_hidden_size != text.hidden_size:
            raise ModelConfigError(
                f"vision_config.text_hidden_size is {vision.text_hidden_size}, text_config.hidden_size is "
                f"{text.hidden_size}: the merger must end at the text model's width"
            )
        for part in (vision, text):
            part._attn_implementation = part._attn_implementation or config._attn_implementation
        self.visual = RicePretrainedModel._from_config(vision)
        self.language_model = (Qwen3MoeModel if is_moe(config) else Qwen3Model)._from_config(text)
        self.always_run_vision = False
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.language_model.embed_tokens

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.language_model.embed_tokens = value

    def get_image_features(
        self, pixel_values: torch.Tensor, image_grid_thw: torch.Tensor, **_kwargs: Any
    ) -> BaseModelOutputWithPooling:
        """Pixels (N, 588) and grids (images, 3) → ``pooler_output``: for each image its text tokens (tokens, H)."""
        output = self.visual(pixel_values, image_grid_thw)
        merge = self.config.vision_config.spatial_merge_size**2
        output.pooler_output = output.pooler_output.split((image_grid_thw.prod(1) // merge).tolist())
        return output

    def get_video_features(
        self, pixel_values_videos: torch.Tensor, video_grid_thw: torch.Tensor, **_kwargs: Any
    ) -> BaseModelOutputWithPooling:
        """As :meth:`get_image_features`, one entry a video: its frames one after another."""
        return self.get_image_features(pixel_values_videos, video_grid_thw)

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: torch.Tensor | None = None,
        use_cache: bool | None = None,
        pixel_values: torch.Tensor | None = None,
        image_grid_thw: torch.Tensor | None = None,
        pixel_values_videos: torch.Tensor | None = None,
        video_grid_thw: torch.Tensor | None = None,
        cu_seq_lens_q: torch.Tensor | None = None,
        max_length_q: int | None = None,
        mm_encoder_outputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """Tokens (B, S), pixels (N, 588) and grids → ``last_hidden_state`` (B, S, H).

        Images (and videos) come in the order in which their placeholders stand in the flattened tokens. Raises
        BatchError if placeholders and features disagree in number.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise BatchError("pass either input_ids or inputs_embeds")
        pictures = (pixel_values, image_grid_thw, pixel_values_videos, video_grid_thw)
        if input_ids is not None:
            inputs_embeds = self.get_input_embeddings()(input_ids)
            prefill = past_key_values is None or past_key_values.get_seq_length() == 0
            if prefill or mm_encoder_outputs or any(part is not None for part in pictures):
                inputs_embeds = self._see(input_ids, inputs_embeds, pictures, mm_encoder_outputs)
        elif inputs_embeds is None or any(part is not None for part in pictures):
            raise BatchError("pixels need input_ids, whose placeholders say where their features go")
        batch_shape = (inputs_embeds.shape[0], inputs_embeds.shape[1])
        segments = find_documents(
            batch_shape, position_ids, attention_mask, past_key_values, use_cache, cu_seq_lens_q, max_length_q
        )
        if segments is not None:
            if position_ids is None:
                position_ids = document_positions(segments["cu_seq_lens_q"], batch_shape)
            kwargs = {**kwargs, **segments}
        if segments is not None or (self.training and use_cache is None):
            use_cache = False
        return self.language_model(
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            use_cache=use_cache,
            **_without_segments(kwargs) if segments is None else kwargs,
        )

    def _see(
        self,
        input_ids: torch.Tensor,
        inputs_embeds: torch.Tensor,
        pictures: tuple[torch.Tensor | None, ...],
        mm_encoder_outputs: dict[str, Any] | None,
    ) -> torch.Tensor:
        """Embeddings (B, S, H) with features in place of the placeholders."""
        placeholders = torch.stack((input_ids == self.config.image_token_id, input_ids == self.config.video_token_id))
        joined = join_pixels(*pictures)
        if joined is not None:
            pixels, grid, num_patches = joined
            merge = self.config.vision_config.spatial_merge_size**2
            features = self.visual(pixels, grid).pooler_output.split([count // merge for count in num_patches])
        else:
            features = encoded_features(mm_encoder_outputs or {}, inputs_embeds)
            if self.always_run_vision:
                inputs_embeds = inputs_embeds + self._blank_picture(inputs_embeds)
        return insert_features(inputs_embeds, placeholders, features, never_wait=self.training)

    def _blank_picture(self, like: torch.Tensor) -> torch.Tensor:
        """Zero, computed from every parameter of the tower."""
        config = self.config.vision_config
        merge = config.spatial_merge_size
        pixels = like.new_zeros(merge**2, config.in_channels * config.patch_size**2)
        grid = torch.tensor([[1, merge, merge]])
        return self.visual(pixels, grid).pooler_output.to(like.dtype).sum() * 0


#: The name under which the model's page documents the model without head.
LlavaOnevisionModel1_5Model = LlavaOnevision1_5Model


def _without_segments(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key not in Segments.__annotations__}


class LlavaOnevision1_5ForConditionalGeneration(LlavaOnevision1_5PreTrainedModel, GenerationMixin):  # noqa: N801
    """The whole model, with its language head."""

    _tied_weights_keys = {"lm_head.weight": "model.language_model.embed_tokens.weight"}  # noqa: RUF012
    # The number of target tokens of a whole step may be passed as num_items_in_batch.
    accepts_loss_kwargs = True

    def __init__(self, config: LlavaOnevision1_5Config) -> None:
        super().__init__(config)
        self.model = LlavaOnevision1_5Model(config)
        self.lm_head = nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()

    def get_image_features(self, *args: Any, **kwargs: Any) -> BaseModelOutputWithPooling:
        return self.model.get_image_features(*args, **kwargs)

    def get_video_features(self, *args: Any, **kwargs: Any) -> BaseModelOutputWithPooling:
        return self.model.get_video_features(*args, **kwargs)

    @can_return_tuple
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
        cu_seq_lens_q: torch.Tensor | None = None,
        max_length_q: int | None = None,
        mm_encoder_outputs: dict[str, Any] | None = None,
        mm_token_type_ids: Any = None,  # noqa: ARG002 - made by Qwen2.5-VL's processor, not needed for 1-D positions
        second_per_grid_ts: Any = None,  # noqa: ARG002 - the same
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """As the model without head, plus ``logits`` (B, S or ``logits_to_keep``, V).

        ``labels`` (B, S) are not shifted, and -100 where nothing is to be learnt; the loss is the mean over targets,
        or their sum over ``num_items_in_batch``.
        """
        if labels is not None:
            documents = (position_ids, attention_mask, past_key_values, use_cache, cu_seq_lens_q, max_length_q)
            labels = _within_documents(labels, *documents)
        num_targets = kwargs.pop("num_items_in_batch", None)
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            pixel_values=pixel_values,
            image_grid_thw=image_grid_thw,
            pixel_values_videos=pixel_values_videos,
            video_grid_thw=video_grid_thw,
            cu_seq_lens_q=cu_seq_lens_q,
            max_length_q=max_length_q,
            mm_encoder_outputs=mm_encoder_outputs,
            **kwargs,
        )
        logits = self.lm_head(slice_logits_to_keep(outputs.last_hidden_state, logits_to_keep))
        loss = None if labels is None else self._loss(logits, labels, num_targets, outputs)
        return CausalLMOutputWithPast(loss, logits, outputs.past_key_values, outputs.hidden_states, outputs.attentions)

    def _loss(
        self, logits: torch.Tensor, labels: torch.Tensor, num_targets: torch.Tensor | int | None, outputs: Any
    ) -> torch.Tensor:
        """Cross-entropy, and for a mixture that reports its routing (``output_router_logits``) the experts' balance."""
        text = self.config.text_config
        loss = self.loss_function(
            logits=logits, labels=labels, vocab_size=text.vocab_size, num_items_in_batch=num_targets
        )
        if routing := getattr(outputs, "router_logits", None):
            balance = load_balancing_loss_func(routing, text.num_experts, text.num_experts_per_tok)
            loss = loss + text.router_aux_loss_coef * balance
        return loss


def _within_documents(labels: torch.Tensor, *documents: Any) -> torch.Tensor:
    """Labels (B, S) without the first token of each packed document, which no token before it may foretell."""
    segments = find_documents((labels.shape[0], labels.shape[1]), *documents)
    return labels if segments is None else without_first_tokens(labels, segments["cu_seq_lens_q"])
