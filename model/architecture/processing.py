"""The processor: text, images and videos to the tensors that the model reads.

Pictures go through transformers' own Qwen2-VL processors, set as the released model was trained: one frame a patch,
images of at most 1600×1600 pixels, frames of videos within the limits of the training code.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from transformers import PreTrainedTokenizerBase, ProcessorMixin
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

from model.errors import ModelConfigError
from transforms.conversations.document import DEFAULT_SYSTEM_PROMPT, SPECIAL_TOKENS
from transforms.packing.documents.image_tokens import IMAGE_LIMITS, VIDEO_LIMITS, PixelLimits

#: Qwen2.5-VL's turns: a default system prompt, and one placeholder a picture between its marks.
CHAT_TEMPLATE = (
    "{%- macro picture(kind) %}<|vision_start|><|{{ kind }}_pad|><|vision_end|>{% endmacro -%}"
    "{%- for message in messages -%}"
    "{%- if loop.first and message['role'] != 'system' %}"
    "{{ '<|im_start|>system\\n" + DEFAULT_SYSTEM_PROMPT + "<|im_end|>\\n' }}{% endif -%}"
    "{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- if message['content'] is string %}{{ message['content'] }}"
    "{%- else %}{%- for part in message['content'] -%}"
    "{%- if part['type'] in ('image', 'video') %}{{ picture(part['type']) }}"
    "{%- else %}{{ part['text'] }}{% endif -%}"
    "{%- endfor %}{% endif -%}"
    "{{ '<|im_end|>\\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif -%}"
)


#: Fields of the model's configuration that hold the ids of these tokens.
PLACEHOLDERS = {
    "image_token_id": "<|image_pad|>",
    "video_token_id": "<|video_pad|>",
    "vision_start_token_id": "<|vision_start|>",
    "vision_end_token_id": "<|vision_end|>",
}


class LlavaOnevision1_5Processor(Qwen2_5_VLProcessor):  # noqa: N801 - the name of the release
    """Qwen2.5-VL's processor for a model that takes one frame a patch and needs no times of frames.

    Released folders hold a video processor of two frames a patch, whose tensors do not fit: it is mended here.
    """

    return_mm_token_type_ids = False
    videos_kwargs: ClassVar[dict[str, Any]] = {"return_metadata": True}

    def __init__(
        self,
        image_processor: Qwen2VLImageProcessor | None = None,
        tokenizer: PreTrainedTokenizerBase | None = None,
        video_processor: Qwen2VLVideoProcessor | None = None,
        chat_template: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_processor, tokenizer, video_processor, chat_template=chat_template, **kwargs)
        self.image_processor.temporal_patch_size = 1
        self.video_processor.temporal_patch_size = 1

    @property
    def model_input_names(self) -> list[str]:
        unused = ("second_per_grid_ts", "mm_token_type_ids")
        return [name for name in super().model_input_names if name not in unused]

    def _process_videos(self, videos: Any, **kwargs: Any) -> tuple[dict[str, torch.Tensor], list[str]]:
        # Not Qwen2.5-VL's, which adds the seconds between frames.
        return ProcessorMixin._process_videos(self, videos, **kwargs)


def build_processor(
    tokenizer: PreTrainedTokenizerBase,
    image_limits: PixelLimits = IMAGE_LIMITS,
    video_limits: PixelLimits = VIDEO_LIMITS,
) -> LlavaOnevision1_5Processor:
    """The processor for ``tokenizer``. Raises ModelConfigError if it lacks a token of the chat template."""
    known = tokenizer.get_vocab()
    if missing := [token for token in SPECIAL_TOKENS if token not in known]:
        raise ModelConfigError(f"the tokenizer has no {', '.join(missing)}: use one of Qwen2.5 or Qwen3, or ours")
    return LlavaOnevision1_5Processor(
        image_processor=Qwen2VLImageProcessor(temporal_patch_size=1, size=_size(image_limits)),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(
            temporal_patch_size=1, size=_size(video_limits), cap_pixels_per_frame=False
        ),
        chat_template=CHAT_TEMPLATE,
    )


def _size(limits: PixelLimits) -> dict[str, int]:
    """Pixels of a whole picture, which this library calls edges."""
    return {"shortest_edge": limits.min_pixels, "longest_edge": limits.max_pixels}
