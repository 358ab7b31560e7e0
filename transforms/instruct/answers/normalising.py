"""Answers of rows in one rendering, and what becomes of the thoughts before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transforms.conversations.document import Text
from transforms.instruct.answers.choices import find_choices
from transforms.instruct.answers.final_answer import final_answer
from transforms.instruct.answers.rendering import rendered
from transforms.instruct.answers.settings import AnswersSettings
from transforms.instruct.chain.outcome import Edit, Fact, Outcome, edit
from transforms.instruct.rows import Answer, Row
from transforms.stages import ANSWERS

_BY = ANSWERS.name


def normalise_rows(rows: Sequence[Row], settings: AnswersSettings) -> Outcome:
    """Edits, and a fact of each row whose thoughts are not to be shown; none is rejected."""
    outcome = Outcome()
    for row in rows:
        reasoning = settings.reasoning_of(row.source)
        outcome.edits += _edits(row, settings, reasoning == "final_only")
        if reasoning != "keep" and any(message.reasoning is not None for message in row.messages):
            outcome.facts.append(Fact(row.key, reasoning="strip"))
    return outcome


def _edits(row: Row, settings: AnswersSettings, final_only: bool) -> Iterator[Edit]:
    known = {answer.message: answer for answer in row.answers}
    question = ""
    for index, message in enumerate(row.messages):
        content = message.content
        if message.role == "user":
            question = "".join(part.text for part in content if isinstance(part, Text))
        if message.role != "assistant" or not message.train or len(content) != 1 or not isinstance(content[0], Text):
            continue
        before = content[0].text
        text = (final_answer(before) if final_only else None) or before
        text = rendered(text, _offered(known.get(index), question), settings.render) or text
        if text != before:
            yield edit(row, index, 0, text, "normalised", _BY)


def _offered(answer: Answer | None, question: str) -> Sequence[str]:
    """The choices of a question; answers that are all accepted are none."""
    if answer is None:
        return find_choices(question)
    return () if len(answer.correct) == len(answer.choices) else answer.choices
