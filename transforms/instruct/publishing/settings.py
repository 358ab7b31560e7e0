"""Settings of the stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from transforms.configuration import Settings
from transforms.instruct.grounding.conventions import Convention, Order, Unit
from transforms.instruct.section import StageSection
from transforms.packing.documents.image_tokens import IMAGE_LIMITS, PixelLimits

Format = Literal["webdataset", "parquet"]
Reasoning = Literal["think", "apart", "drop"]


class BoxSettings(Settings):
    """How boxes are written, in texts and beside them: all sources in one way."""

    unit: Unit = Field("0-1000", description="pixels of the frame, parts of it (0-1), or thousandths (0-1000)")
    order: Order = Field("xyxy", description="what the four numbers are")
    frame: Literal["upright", "padded_square", "smart_resized"] = Field(
        "upright", description="the picture that is measured: as seen, LLaVA's padded square, as Qwen2.5-VL resizes it"
    )
    min_pixels: int = Field(IMAGE_LIMITS.min_pixels, ge=1, description="of the frame smart_resized")
    max_pixels: int = Field(IMAGE_LIMITS.max_pixels, ge=28 * 28, description="of the frame smart_resized")

    @property
    def convention(self) -> Convention:
        return Convention(self.unit, self.order, self.frame, None, PixelLimits(self.min_pixels, self.max_pixels))


class PublishSettings(StageSection):
    """The mixture as trainers read it, with what has to be said of it."""

    name: str = Field(
        "mixture",
        pattern=r"^[A-Za-z0-9_-]+$",
        description="what the shards are called: <split>/<name>-000000.tar; a dot would confuse readers",
    )
    formats: list[Format] = Field(
        ["webdataset"],
        min_length=1,
        description="webdataset: tars of <key>.json and <key>.<i>.<ext>; parquet: messages, images and flat facts",
    )
    boxes: BoxSettings = Field(default_factory=BoxSettings, description="the convention that all boxes are written in")
    reasoning: Reasoning = Field(
        "think",
        description="what was thought before an answer: think, in <think> before it; apart, beside the turns; drop",
    )
    samples_per_shard: int = Field(10_000, ge=1, description="most samples in a shard")
    max_shard_bytes: int = Field(
        1_000_000_000, ge=1, description="most bytes of images and videos in a shard; texts come on top"
    )
    shuffle_block_parts: int = Field(
        16, ge=1, description="parts of the input that are shuffled together: more mix better, and take more memory"
    )

    @field_validator("formats")
    @classmethod
    def _is_distinct(cls, formats: list[Format]) -> list[Format]:
        if len(set(formats)) < len(formats):
            raise ValueError("a format is named twice")
        return formats
