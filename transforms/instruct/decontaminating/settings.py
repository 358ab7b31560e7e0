"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class DecontaminateSettings(StageSection):
    """Rows that a benchmark asks too, and a certificate of what is left."""
