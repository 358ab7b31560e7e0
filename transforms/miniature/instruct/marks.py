"""Private use characters that hold a place in a text until a writer knows its source's way to write it."""

from __future__ import annotations

import re
from collections.abc import Callable

_FIRST = 0xE000
_MOST_ELEMENTS = 16
MARK = re.compile("[\ue000-\ue0ff]")


def box_mark(element: int, picture: int = 0) -> str:
    """Stands for the box of an element of one of the row's pictures."""
    return chr(_FIRST + picture * _MOST_ELEMENTS + element)


def marked(text: str) -> list[tuple[int, int]]:
    """(picture, element) of each mark, in order."""
    return [divmod(ord(mark) - _FIRST, _MOST_ELEMENTS) for mark in MARK.findall(text)]


def fill(text: str, written: Callable[[int, int], str]) -> str:
    """The text with each mark replaced by ``written(picture, element)``."""
    return MARK.sub(lambda mark: written(*divmod(ord(mark.group()) - _FIRST, _MOST_ELEMENTS)), text)
