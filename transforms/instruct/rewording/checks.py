"""Whether a text that a model wrote may stand in the place of another. What fails keeps its original."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from transforms.bounded_json import decode
from transforms.instruct.answers.choices import find_choices
from transforms.instruct.asking.reply import Reply
from transforms.instruct.rewording.sentinels import Shielded
from transforms.instruct.validating.refusals import error_message, refusal
from transforms.scripts import SCRIPT_OF, Script, count_letters

#: Why a reply was refused: verdicts of edits. Added to, never changed, as they stand in files.
#: ``no_reply``: the server would not answer. ``cut``: it broke off. ``json``: not what the prompt asks for.
Verdict = Literal[
    "kept",
    "no_reply",
    "cut",
    "json",
    "refusal",
    "sentinels",
    "numbers",
    "boxes",
    "options",
    "language",
    "length",
    "empty",
]

_LEAST_LETTERS = 6  # fewer tell no script
_SHORT_LETTERS = 12  # of an original: a word may become three


def read_json(reply: Reply | None, name: str) -> Any | Verdict:
    """The value of ``name`` in the JSON of a reply, which may stand in a fence of code; a Verdict (a text) where it is
    none."""
    if reply is None or reply.state == "refused":
        return "no_reply"
    if reply.state == "cut":
        return "cut"
    text = reply.text.strip()
    if text.startswith("```"):
        text = text.strip("`").removeprefix("json").strip()
    try:
        values = decode(text)
    except ValueError:
        return "refusal" if refusal(text) else "json"
    return (values[name],) if isinstance(values, dict) and name in values else "json"


def check_text(
    original: str, shielded: Shielded, reply: object, language: str, length: tuple[float, float]
) -> tuple[str, Verdict]:
    """What is to stand in the place of ``original``, and ``kept``; or what the model said, and why it does not.

    ``length``: letters of the reply in parts of those of the original, at least and at most; a Chinese character counts
    three.
    """
    if not isinstance(reply, str):
        return "", "json"
    if not reply.strip():
        return reply, "empty"
    if (refusal(reply) and not refusal(original)) or error_message(reply, original):
        return reply, "refusal"
    restored = shielded.restore(reply)
    if restored in ("sentinels", "numbers", "boxes"):
        return reply, restored  # type: ignore[return-value]
    if len(find_choices(restored)) != len(find_choices(original)):
        return reply, "options"
    before, after = (_letters(Shielded(text, (), frozenset()).bare) for text in (shielded.text, reply))
    if not _is_in(after, language) or (reply.strip() == shielded.text.strip() and _is_foreign(before, language)):
        return reply, "language"
    least, most = length
    sizes = int(before.sum()), int(after.sum())
    if sizes[1] > most * max(sizes[0], _SHORT_LETTERS) or sizes[1] < least * sizes[0]:
        return reply, "length"
    edges = original[: len(original) - len(original.lstrip())], original[len(original.rstrip()) :]
    return f"{edges[0]}{restored.strip()}{edges[1]}", "kept"


def _letters(text: str) -> Any:
    letters = count_letters((text,))[0].copy()
    letters[Script.NONE] = 0
    return letters


def _is_in(letters: Any, language: str) -> bool:
    """Most letters are of the language's script; names may stay as they are."""
    script = SCRIPT_OF.get(language)
    total = int(letters.sum())
    return script is None or total < _LEAST_LETTERS or bool(2 * letters[script] > total)


def _is_foreign(letters: Any, language: str) -> bool:
    """Chinese where it should be something else: a few characters among much code, sent back as they came."""
    return SCRIPT_OF.get(language) != Script.HAN and bool(letters[Script.HAN])


def has_words(text: str) -> bool:
    """Whether there is anything to be written anew."""
    return int(np.sum(_letters(text))) > 0
