"""What a pack is, and how documents are measured and put into packs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.conversations.document import DEFAULT_SYSTEM_PROMPT
from transforms.packing.documents.image_tokens import IMAGE_LIMITS, VIDEO_LIMITS, PixelLimits


class PackSettings(Settings):
    """How documents are tokenised, and joined into packs."""

    tokenizer: str = Field(
        min_length=1, description="folder or tokenizer.json of a tokenizer with the chat's special tokens"
    )
    pack_tokens: int = Field(default=8192, ge=16, description="most tokens in a pack; 8,192 is the published recipe's")
    max_patches: int | None = Field(
        default=None,
        ge=4,
        description="most vision patches in a pack (four to an image token), so that no rank waits for a ViT; "
        "null for no bound",
    )
    max_attention: int | None = Field(
        default=None,
        ge=1,
        description="most attention work in a pack, in squared tokens summed over its documents; null for no bound",
    )
    balance: bool = Field(
        default=True,
        description="give packs equal shares of long documents and of vision patches, at no cost in fill",
    )
    over_long: Literal["reject", "split_at_turns"] = Field(
        default="reject",
        description="what becomes of a document longer than a pack; split_at_turns cuts it between rounds, each piece "
        "with an answer to learn, and opens each with all system turns that stood before it",
    )
    system_prompt: str = Field(
        default=DEFAULT_SYSTEM_PROMPT,
        description="opens a document that has no system turn; Qwen2.5-VL's own default",
    )
    image_min_pixels: int = Field(
        default=IMAGE_LIMITS.min_pixels, ge=1, description="smaller images are enlarged to this"
    )
    image_max_pixels: int = Field(
        default=IMAGE_LIMITS.max_pixels,
        ge=28 * 28,
        description="larger images are shrunk to this; the released model's own limit",
    )
    video_min_pixels: int = Field(
        default=VIDEO_LIMITS.min_pixels, ge=1, description="the same for each frame of a video"
    )
    video_max_pixels: int = Field(
        default=VIDEO_LIMITS.max_pixels, ge=28 * 28, description="the same for each frame of a video"
    )
    group_shards: int = Field(
        default=16, ge=1, description="input shards planned together; about 100,000 samples fill packs above 99.9 %"
    )
    seed: int = Field(default=0, description="decides which of equally long documents share a pack")
    tokenize_batch: int = Field(
        default=512,
        ge=1,
        description="documents handed to the tokenizer at once",
        json_schema_extra=NOT_FINGERPRINTED,
    )

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> PackSettings:
        for kind in ("image", "video"):
            least, most = getattr(self, f"{kind}_min_pixels"), getattr(self, f"{kind}_max_pixels")
            if least > most:
                raise ValueError(f"{kind}_min_pixels ({least}) is above {kind}_max_pixels ({most}); lower it")
        return self

    @property
    def image_limits(self) -> PixelLimits:
        return PixelLimits(self.image_min_pixels, self.image_max_pixels)

    @property
    def video_limits(self) -> PixelLimits:
        return PixelLimits(self.video_min_pixels, self.video_max_pixels)
