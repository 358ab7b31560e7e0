"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class CategoriseSettings(StageSection):
    """What a row teaches."""
