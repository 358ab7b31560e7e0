"""Settings of the captions."""

from __future__ import annotations

import importlib.resources
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.instruct.asking.prompts import Prompt, read_prompt
from transforms.instruct.asking.settings import AskingSettings, ServerSettings
from transforms.instruct.safety.settings import TextSafetySettings
from transforms.storage import absolute

Language = Literal["en", "zh"]
#: As a prompt names them.
NAMES = {"en": "English", "zh": "Chinese"}


class CaptionSettings(Settings):
    """Who writes captions, in which languages, and what is taken."""

    server: ServerSettings = Field(..., description="the model that is asked")
    asking: AskingSettings = Field(
        default_factory=AskingSettings, description="where replies are kept, and what may be spent"
    )
    languages: list[Language] = Field(["en", "zh"], min_length=1, description="a caption of each image in each of them")
    prompt: str | None = Field(
        None,
        description="a YAML file of templates, with the variable language; null: the one that is shipped",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    min_characters: int = Field(4, ge=1, description="of a caption; a shorter one is a reject")
    max_characters: int = Field(2_000, ge=1, description="of a caption; a longer one is a reject")
    safety: TextSafetySettings = Field(
        default_factory=TextSafetySettings, description="the gate of instruction rows, for what the model wrote"
    )

    @field_validator("prompt")
    @classmethod
    def _whole(cls, path: str | None) -> str | None:
        return absolute(path) if path else None

    @model_validator(mode="after")
    def _are_consistent(self) -> CaptionSettings:
        if len(set(self.languages)) != len(self.languages):
            raise ValueError("languages names one twice")
        if self.max_characters < self.min_characters:
            raise ValueError("max_characters is less than min_characters")
        return self

    def read_prompt(self) -> Prompt:
        """Raises ConfigError for a file that is none, or names a variable that there is not."""
        shipped = importlib.resources.files("evenweave") / "configs" / "caption" / "prompt.yaml"
        return read_prompt(self.prompt or str(shipped), ("language",))

    def decides_bytes(self) -> dict[str, Any]:
        """What the captions depend on, beside the images and the replies."""
        own = {name: value for name, value in self.identity().items() if name != "asking"}
        return {**own, "prompt": self.read_prompt().digest.hex(), "lists": self.safety.digests()}
