"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class DuplicatesSettings(StageSection):
    """The same question asked twice: told by images, question and answer together."""
