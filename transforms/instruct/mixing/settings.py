"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class MixSettings(StageSection):
    """Exactly so many rows, in the shares that are asked for."""
