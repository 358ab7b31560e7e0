"""Settings of the stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.instruct.section import StageSection

#: What becomes of an answer that is not what it should be.
BadAnswer = Literal["mask", "cut", "reject"]


class ValidateSettings(StageSection):
    """Rows that are not what they should be, and turns that are not."""

    bad_answer: BadAnswer = Field(
        "mask",
        description="mask: it is not learnt, later answers are; cut: its question and all that follows are not shown; "
        "reject: the row goes. A row without an answer that is learnt goes in any case",
    )
    turn_order: bool = Field(
        True, description="a system turn comes first, a user's before an answer, a tool's after one; cut where not"
    )
    empty_turns: bool = Field(True, description="answers without a word, and questions without words or media")
    truncated: bool = Field(True, description="texts that begin in the middle or break off")
    looping: bool = Field(True, description="texts that say the same again and again, to their end")
    min_loop_repeats: int = Field(8, ge=3, description="so often in a row; a chorus repeats a line two to four times")
    min_loop_characters: int = Field(
        80, ge=20, description="that all repeats hold together: a song may sing la for a line"
    )
    refusals: bool = Field(
        True,
        description="answers in English or Chinese that begin by saying why there is none, also where half an answer "
        "follows",
    )
    error_messages: bool = Field(True, description="what a server said in place of a model")
    garbled: bool = Field(True, description="UTF-8 that was read as Latin-1, and characters that were lost")
    template_residue: bool = Field(True, description="special tokens of a chat template within a text")
    placeholders: bool = Field(True, description="places of media, left in a text that shows none there")
    language: bool = Field(
        True,
        description="answers in another script than the language that their source declares, or else than the "
        "question; code, formulas, boxes, quotations and what was asked for in another language are let pass",
    )
    min_language_letters: int = Field(
        24,
        ge=1,
        description="fewer letters of another script (a Chinese character counts as three) are names, not sentences",
    )
    choices: bool = Field(True, description="answers that are none of the choices, and choices of which two are alike")
    boxes: bool = Field(True, description="boxes in texts that are empty, turned over or outside their picture")
    min_box_inside: float = Field(
        0.5, ge=0, le=1, description="share of a box that lies in its picture; annotators overshoot an edge a little"
    )
    html: bool = Field(
        True, description="paragraphs and line breaks of HTML in answers are taken out where nobody asked for HTML"
    )
