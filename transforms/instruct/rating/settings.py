"""Settings of the stages that rate."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from transforms.instruct.asking.section import AskedSection

#: What is rated unless said otherwise; the last two only of rows that show something.
AXES = ("relevance", "format", "image_dependence", "image_agreement")


class RateSettings(AskedSection):
    """Each answer, on several axes."""

    shipped: ClassVar[str] = "rate"
    variables: ClassVar[tuple[str, ...]] = ("question", "answer", "axes", "shows")

    axes: list[str] = Field(list(AXES), min_length=1, description="what is rated; the prompt says what each means")
    image_axes: list[str] = Field(
        ["image_dependence", "image_agreement"], description="those that are left out of rows without images"
    )
    most_images: int = Field(8, ge=0, description="rows with more, and rows with videos, are not rated")
    drop_below: dict[str, float] = Field(
        {}, description="axis → score from 0 to 1: rows with an answer that is rated lower are dropped; empty: none is"
    )

    @field_validator("drop_below")
    @classmethod
    def _are_scores(cls, least: dict[str, float]) -> dict[str, float]:
        if wrong := [axis for axis, score in least.items() if not 0 <= score <= 1]:
            raise ValueError(f"{wrong[0]}: a score lies between 0 and 1")
        return least


class BlindSettings(AskedSection):
    """Questions without their images."""

    shipped: ClassVar[str] = "blind"
    variables: ClassVar[tuple[str, ...]] = ("question",)
