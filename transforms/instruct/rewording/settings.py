"""Settings of the stages that write texts anew."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator

from transforms.configuration import Settings
from transforms.instruct.asking.section import AskedSection


class LengthBounds(Settings):
    """Letters of a new text in parts of those of the old one; a Chinese character counts three."""

    least: float = Field(0.4, ge=0, description="shorter ones are refused")
    most: float = Field(2.5, gt=0, description="longer ones are refused")

    @model_validator(mode="after")
    def _leave_room(self) -> LengthBounds:
        if self.least >= self.most:
            raise ValueError("least must be below most")
        return self

    @property
    def both(self) -> tuple[float, float]:
        return self.least, self.most


class RewriteSettings(AskedSection):
    """Questions in other words. Answers stay."""

    shipped: ClassVar[str] = "rewrite"
    variables: ClassVar[tuple[str, ...]] = ("text", "language")

    share: float = Field(1.0, gt=0, le=1, description="of the rows whose questions are written anew, by a keyed number")
    length: LengthBounds = Field(LengthBounds(), description="of a question written anew")


class TranslateSettings(AskedSection):
    """English and Chinese rows, each in the other language until there are as many of each as asked for."""

    shipped: ClassVar[str] = "translate"
    variables: ClassVar[tuple[str, ...]] = ("texts", "source", "target")

    zh_share: float = Field(0.5, ge=0, le=1, description="of Chinese rows among those in English and in Chinese")
    twin_share: float = Field(
        0.0, ge=0, le=1, description="of the rows that are translated: beside them the original stays, as their twin"
    )
    length: LengthBounds = Field(LengthBounds(), description="of each text of a row")
    rounds: int = Field(
        4, ge=1, le=20, description="how often more rows are asked for in place of those whose translation was refused"
    )
