"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class ValidateSettings(StageSection):
    """Rows that are not what they should be, and turns that are not."""
