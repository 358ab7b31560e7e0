"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class SplitSettings(StageSection):
    """What is held out, by groups of rows that share an image or a text."""
