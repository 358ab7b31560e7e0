"""Settings of the stage."""

from __future__ import annotations

from transforms.instruct.section import StageSection


class PublishSettings(StageSection):
    """The mixture as trainers read it, with what has to be said of it."""
