"""Settings of the stage."""

from __future__ import annotations

from pydantic import Field

from transforms.instruct.section import StageSection


class PreselectSettings(StageSection):
    """More rows than the mixture will draw, by its own targets; nothing is paid for the others."""

    margin: float = Field(
        1.3,
        ge=1,
        le=100,
        description="rows in parts of those that the mixture draws, in each stratum: for what is dropped later",
    )
