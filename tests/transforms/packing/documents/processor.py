"""The reference to be equal to: transformers' own processor, with the image rules of the released models.

The chat template is written here after Qwen2.5-VL's; ``{% generation %}`` marks what is trained on, by transformers'
own account of it.
"""

from __future__ import annotations

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

from transforms.conversations.document import Document, Image, Text, Video
from transforms.packing.documents.image_tokens import PixelLimits

CHAT_TEMPLATE = (
    "{%- if messages[0]['role'] != 'system' -%}"
    "{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' -}}"
    "{%- endif -%}"
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['role'] == 'assistant' -%}"
    "{%- generation -%}{{- body(message) + '<|im_end|>' -}}{%- endgeneration -%}"
    "{%- else -%}{{- body(message) + '<|im_end|>' -}}{%- endif -%}"
    "{{- '\\n' -}}"
    "{%- endfor -%}"
)
_BODY = (
    "{%- macro body(message) -%}"
    "{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'image' -%}{{- '<|vision_start|><|image_pad|><|vision_end|>' -}}"
    "{%- elif part['type'] == 'video' -%}{{- '<|vision_start|><|video_pad|><|vision_end|>' -}}"
    "{%- else -%}{{- part['text'] -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- endmacro -%}"
)

#: Small, so that tests process few pixels.
IMAGES = PixelLimits(56 * 56, 112 * 112)
VIDEOS = PixelLimits(28 * 28, 84 * 84)


def reference_processor(tokenizer: Tokenizer) -> Qwen2_5_VLProcessor:
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|endoftext|>", eos_token="<|im_end|>")
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(
            temporal_patch_size=1, min_pixels=IMAGES.min_pixels, max_pixels=IMAGES.max_pixels
        ),
        tokenizer=wrapped,
        video_processor=Qwen2VLVideoProcessor(
            temporal_patch_size=1,
            min_pixels=VIDEOS.min_pixels,
            max_pixels=VIDEOS.max_pixels,
            cap_pixels_per_frame=False,
        ),
        chat_template=_BODY + CHAT_TEMPLATE,
    )


def chat_messages(document: Document) -> list[dict]:
    """The document in the form that ``apply_chat_template`` takes."""

    def part_of(part: Text | Image | Video) -> dict:
        return {"type": "text", "text": part.text} if isinstance(part, Text) else {"type": type(part).__name__.lower()}

    return [{"role": m.role, "content": [part_of(part) for part in m.content]} for m in document.messages]
