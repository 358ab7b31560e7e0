"""How a row and a question of a benchmark can be the same, strongest evidence first."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from transforms.rejects import Reason

#: ``drop``: the row is a reject. ``mark``: a fact says it. ``count``: the certificate does. ``off``: nobody looks.
Action = Literal["drop", "mark", "count", "off"]


class Tier(StrEnum):
    """Of the settings, the certificate and the facts."""

    SAME_IMAGE_AND_QUESTION = "same_image_and_question"
    SAME_IMAGE = "same_image"
    LONG_TEXT = "long_text"
    QUESTION_ONLY = "question_only"


REASONS = {
    Tier.SAME_IMAGE_AND_QUESTION: Reason.BENCHMARK_IMAGE_AND_QUESTION,
    Tier.SAME_IMAGE: Reason.BENCHMARK_IMAGE,
    Tier.LONG_TEXT: Reason.BENCHMARK_TEXT,
    Tier.QUESTION_ONLY: Reason.BENCHMARK_QUESTION,
}
