"""Texts that come to say the same again and again, as models do that lost their way."""

from __future__ import annotations

import re

_PROBE = 12  # characters of the end, whose count in the text tells at once that there is no loop
_LOOKED_AT = 4_000  # characters of the end
_LETTER = re.compile(r"[^\W\d_]")


def loop_at_end(text: str, min_repeats: int, min_characters: int) -> tuple[str, int] | None:
    """What is repeated to the end of a text, without a break, and how often; None where nothing is.

    What repeats has a letter in it: rules and dots of tables and digits of a fraction repeat too. White space and signs
    at the end may be others.
    """
    tail = text.rstrip()[-_LOOKED_AT:]
    while tail and not tail[-1].isalpha():
        tail = tail[:-1]
    if len(tail) < min_characters or tail.count(tail[-_PROBE:]) < min(min_repeats, min_characters // (2 * _PROBE)):
        return None
    run, period = _longest_run(tail[::-1], min_repeats)
    unit = tail[len(tail) - period :]
    if period and run >= min_characters and _LETTER.search(unit):
        return unit, run // period
    return None


def _longest_run(text: str, min_repeats: int) -> tuple[int, int]:
    """Characters from the beginning of ``text`` that repeat with the shortest period of ``min_repeats`` or more, and
    the period; zeros where there is none. By the Z-function (Gusfield 1997, 1.4), linear in the text."""
    n = len(text)
    z = [0] * n
    left = right = 0
    for i in range(1, n // min_repeats + 1):
        if i < right:
            z[i] = min(right - i, z[i - left])
        while i + z[i] < n and text[z[i]] == text[i + z[i]]:
            z[i] += 1
        if i + z[i] > right:
            left, right = i, i + z[i]
        if (i + z[i]) // i >= min_repeats:
            return i + z[i], i
    return 0, 0
