"""What a source of instruction data is, and what it declares of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.instruct.adapters.registry import ADAPTERS
from transforms.instruct.grounding.conventions import Convention, Frame, Order, Unit
from transforms.packing.documents.image_tokens import IMAGE_LIMITS, PixelLimits
from transforms.scripts import SCRIPT_OF

AUTO = "auto"  # each record by its own fields


class Coordinates(Settings):
    """How a source writes boxes. Nothing here has a default: a wrong guess shows in no error, only in the model."""

    unit: Unit = Field(..., description="pixels of the frame, parts of it (0-1), or thousandths (0-1000)")
    order: Order = Field(..., description="what the four numbers are")
    frame: Frame = Field(
        ...,
        description="the picture that is measured: upright, as seen; stored, before EXIF orientation; padded_square, "
        "LLaVA's; resized, to size; smart_resized, as Qwen2.5-VL's processor resizes",
    )
    size: tuple[int, int] | None = Field(None, description="width and height in pixels of the frame resized")
    min_pixels: int = Field(IMAGE_LIMITS.min_pixels, ge=1, description="of the frame smart_resized")
    max_pixels: int = Field(IMAGE_LIMITS.max_pixels, ge=28 * 28, description="of the frame smart_resized")

    @model_validator(mode="after")
    def _is_whole(self) -> Coordinates:
        if self.size is not None and min(self.size) < 1:
            raise ValueError("size must be a width and a height above 0")
        _ = self.convention
        return self

    @property
    def convention(self) -> Convention:
        return Convention(self.unit, self.order, self.frame, self.size, PixelLimits(self.min_pixels, self.max_pixels))


class InstructSource(Settings):
    """One source. ``path`` has no part in the fingerprint: the listing of inputs has."""

    name: str = Field(..., pattern=r"^[a-z0-9_-]+$", description="name of the source in keys, files and the report")
    path: str = Field(
        ...,
        min_length=1,
        description="file, folder or glob pattern, or a URI: JSON, JSON Lines, Parquet, WebDataset tars",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    adapter: str = Field(AUTO, description=f"the shape of its records: {', '.join(ADAPTERS)}; auto: by their fields")
    media: str | None = Field(
        None,
        description="the folder that images and videos are named from; null: that of the file of records",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    media_prefix: str = Field(
        "", description="left out at the beginning of names, where records keep another's folders"
    )
    place_media: Literal["reject", "before_first_question"] = Field(
        "reject", description="what becomes of a record whose turns do not say where its images or videos stand"
    )
    coordinates: Coordinates | None = Field(
        None, description="how boxes are written; without it, a source with boxes is not read"
    )
    language: str = Field(
        AUTO,
        pattern=r"^(auto|[a-z]{2,3})$",
        description="ISO 639 code of its texts; auto: what a record says, else told from its turns",
    )
    languages: list[str] = Field(["en", "zh"], min_length=1, description="what auto tells apart")
    license: str = Field("unknown", description="of records that do not state their own")
    model_terms: list[str] = Field(default=[], description="whose terms of use bind it: models that wrote parts of it")

    @field_validator("languages")
    @classmethod
    def _are_told_apart(cls, languages: list[str]) -> list[str]:
        if unknown := [one for one in languages if one not in SCRIPT_OF]:
            raise ValueError(f"{unknown[0]!r} cannot be told from others; there are {', '.join(sorted(SCRIPT_OF))}")
        return languages

    @field_validator("adapter")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name != AUTO and name not in ADAPTERS:
            raise ValueError(f"no adapter {name!r}; there are {', '.join(ADAPTERS)}, and {AUTO}")
        return name
