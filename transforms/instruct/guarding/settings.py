"""Settings of the guard; its second time has the same."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from transforms.instruct.asking.section import AskedSection


class GuardSettings(AskedSection):
    """What a row says and shows, judged by a model."""

    shipped: ClassVar[str] = "guard"
    variables: ClassVar[tuple[str, ...]] = ("conversation",)

    threshold: float = Field(0.5, ge=0, le=1, description="score from which on a row is taken for unsafe")
    action: Literal["drop", "mark"] = Field("drop", description="of an unsafe row: drop it, or mark it in its facts")
    unjudged: Literal["drop", "mark"] = Field(
        "drop", description="of a row of which the guard says nothing that can be read"
    )
    show_images: bool = Field(True, description="whether the guard sees images; off for one that reads texts alone")
    most_images: int = Field(8, ge=0, description="rows with more are judged by their texts alone")
