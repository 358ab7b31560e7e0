"""Settings of the stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from transforms.configuration import Settings
from transforms.errors import ConfigError
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource

#: What becomes of thoughts. final_only: an answer that explains itself and then says what it comes to is that alone.
Reasoning = Literal["keep", "strip", "final_only"]


class RenderedForms(Settings):
    """Which forms of answers are written in one way. Boxes, formulas, code and free text are never touched."""

    letter: bool = Field(True, description="(B), B. and Answer: B as B; B. dog too, where B is the dog")
    option: bool = Field(True, description="the words of a choice as the question writes them")
    yes_no: bool = Field(True, description="yes. and YES as Yes; the word that was chosen stays: True, 是的")
    number: bool = Field(
        True,
        description="without a full stop and what leads to it; digits, separators and unit stay as they are read in a "
        "picture",
    )
    list: bool = Field(False, description="items marked by * or • with -, and 1) or 1、 as 1.")


class AnswersSettings(StageSection):
    """Answers in one rendering, and what becomes of the thoughts before them."""

    render: RenderedForms = Field(RenderedForms(), description="which forms of answers are written in one way")
    reasoning: dict[str, Reasoning] = Field(
        {},
        description="source → keep what was thought before an answer, strip it, or final_only: strip it and, where an "
        "answer explains itself, leave what it comes to",
    )
    default_reasoning: Reasoning = Field("keep", description="of sources that reasoning does not name")

    def reasoning_of(self, source: str) -> Reasoning:
        return self.reasoning.get(source, self.default_reasoning)

    def check(self, sources: Sequence[InstructSource]) -> None:
        if unknown := self.reasoning.keys() - {source.name for source in sources}:
            raise ConfigError(f"answers.reasoning names {min(unknown)}, which is none of the sources")
