"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class AnswersSettings(StageSection):
    """Answers in one rendering, and what becomes of the thoughts before them."""
