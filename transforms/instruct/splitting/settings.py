"""Settings of the stage."""

from __future__ import annotations

from pydantic import Field, model_validator

from transforms.instruct.section import StageSection


class SplitSettings(StageSection):
    """What is held out, by groups of rows that share an image or a text."""

    validation: float = Field(0.01, ge=0, lt=1, description="share of the groups that is held out to choose models by")
    test: float = Field(0.0, ge=0, lt=1, description="share of the groups that is held out to measure the last one")

    @model_validator(mode="after")
    def _leave_something_to_train_on(self) -> SplitSettings:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together leave nothing to train on; their sum must be below 1")
        return self
