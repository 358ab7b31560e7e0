"""The one way in which an answer of a form is written, where that loses nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.instruct.answers.forms import parse_answer, without_lead
from transforms.instruct.answers.settings import RenderedForms

_STOP = ".。!！"
_LETTERED = re.compile(r"[（(]?([A-Z])[.):：、．）]\s*(.+)", re.DOTALL)
_MARKED = re.compile(r"^([ \t]*)(?:[*•]|(\d{1,3})[)、])[ \t]*(?=\S)", re.MULTILINE)


def rendered(answer: str, choices: Sequence[str], forms: RenderedForms) -> str | None:
    """``answer`` as all of its form are written, to a question that offers ``choices``; None where it is so already,
    and of a form that is not touched."""
    parsed = parse_answer(answer, choices)
    if parsed.value is None or not getattr(forms, parsed.form, False):
        return None
    short = without_lead(answer)
    match parsed.form:
        case "letter":
            text = parsed.value if _is_of_letter(short, choices) else None
        case "option":
            text = parsed.value
        case "yes_no":
            bare = short.rstrip(_STOP).strip()
            text = bare.capitalize() if bare.isascii() else bare
        case "number":
            text = short.rstrip(".。").strip().replace("−", "-")
        case "list":
            text = answer if answer.lstrip().startswith("[") else _MARKED.sub(_marker, answer)
        case _:
            return None
    return None if text is None or text == answer or not text else text


def _is_of_letter(text: str, choices: Sequence[str]) -> bool:
    """Not where the letter is one choice and the words behind it are another."""
    lettered = _LETTERED.fullmatch(text)
    if lettered is None or not choices:
        return True
    place = ord(lettered[1]) - ord("A")
    return place < len(choices) and parse_answer(lettered[2], choices).correct == (place,)


def _marker(match: re.Match[str]) -> str:
    return f"{match[1]}{f'{match[2]}.' if match[2] else '-'} "
