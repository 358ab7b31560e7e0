"""Answers that are none of the choices, and questions that offer one choice twice."""

from __future__ import annotations

import re

from transforms.instruct.rows import Answer

_LETTER = re.compile(r"[A-Z]")


def repeated_choice(answer: Answer) -> str | None:
    """A choice that is offered twice. Several answers that are all accepted are no choices."""
    choices = [choice.strip() for choice in answer.choices]
    if _are_accepted(answer) or len(set(choices)) == len(choices):
        return None
    return next(choice for choice in choices if choices.count(choice) > 1)


def not_among_choices(answer: Answer) -> str | None:
    """What is answered, where it is told in short and is none of the choices; an explanation may be any."""
    if not answer.choices or _are_accepted(answer):
        return None
    if answer.form == "letter":
        beyond = [one for one in _LETTER.findall(answer.value or "") if ord(one) - ord("A") >= len(answer.choices)]
        return beyond[0] if beyond else None
    if answer.form in ("number", "yes_no") and not answer.correct and answer.value is not None:
        value = answer.value.casefold()
        return None if any(value in choice.casefold() for choice in answer.choices) else answer.value
    return None


def _are_accepted(answer: Answer) -> bool:
    return len(answer.choices) > 0 and len(answer.correct) == len(answer.choices)
