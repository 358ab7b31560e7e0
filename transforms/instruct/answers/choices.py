"""Choices as they stand in the text of a question."""

from __future__ import annotations

import re
from itertools import takewhile

#: ``A. x``, ``(A) x``, ``A) x``, ``A: x`` and the full-width signs of Chinese, one a line.
_LINE = re.compile(r"^[ \t]*[（(]?([A-Z])[.):：、．）][ \t]*(\S.*)$", re.MULTILINE)
#: ``(A) x (B) y`` in one line, as ScienceQA's questions are written for LLaVA.
_INLINE = re.compile(r"(?<!\w)[（(]([A-Z])[）)][ \t]*([^()（）\n]*)")


def find_choices(question: str) -> tuple[str, ...]:
    """At least two choices whose letters count from A, in their order; none where there are none."""
    for pattern in (_LINE, _INLINE):
        lettered = [(match[1], match[2].rstrip(" \t\r,;，；")) for match in pattern.finditer(question)]
        starts = [at for at, (letter, _) in enumerate(lettered) if letter == "A"]
        if not starts:
            continue
        counted = enumerate(lettered[starts[-1] :])
        choices = tuple(text for _, (_, text) in takewhile(lambda one: _counts_on(*one), counted))
        if len(choices) > 1:
            return choices
    return ()


def _counts_on(place: int, choice: tuple[str, str]) -> bool:
    letter, text = choice
    return bool(text) and ord(letter) - ord("A") == place
