"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class SafetySettings(StageSection):
    """What is not to be learnt from or handed on: personal data, block lists, listed and unsafe images."""
