"""What a model may not touch, hidden from it: code, formulas, boxes, addresses, letters of options, numbers and
quotations.

Each stands in the text that is sent as ``⟦0⟧``, ``⟦1⟧`` …, equal ones under one number. All of them have to come back,
as often as they were sent; boxes also in their order, since what they are boxes of is known by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from transforms.instruct.grounding.notations import find_boxes

Fault = Literal["sentinels", "numbers", "boxes"]

_SENTINEL = re.compile(r"⟦(\d{1,6})⟧")
#: The first that fits, from the left. What already looks like one of ours is hidden as well.
_HIDDEN = re.compile(
    "|".join(
        (
            r"⟦[^⟧\n]{0,20}⟧",
            r"```.*?(?:```|\Z)",
            r"`[^`\n]+`",
            r"\$\$.+?\$\$",
            r"\\\[.+?\\\]",
            r"\\\(.+?\\\)",
            r"\\begin\{(?P<env>\w+\*?)\}.*?\\end\{(?P=env)\}",
            r"\\boxed\{[^{}\n]*\}",
            r"(?<![\w$])\$(?=[^\s$])[^$\n]{0,200}?[^\s$]\$(?!\d)",
            r"<ref>.{0,300}?</ref>|<box>.{0,400}?</box>",
            r"<[|/]?[A-Za-z][^<>\n]{0,100}>",
            r"(?:https?://|www\.)[^\s<>\"'）」』，。；]+",
            r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
            r"\[[A-Z_]{2,20}\]",  # what masking left
            r"\"[^\"\n]{1,200}\"|“[^“”\n]{1,200}”|「[^」\n]{1,200}」|『[^』\n]{1,200}』|《[^》\n]{1,100}》",
            r"(?m:^[ \t]*[（(]?[A-Z][.):：、．）](?=\s))|(?<!\w)[（(][A-Z][）)]",
            r"[-−+]?\d+(?:[.,:/×-]\d+)*%?",
        )
    ),
    re.DOTALL,
)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Shielded:
    """``text`` is what is sent; ``hidden`` what stands behind each number; ``boxes`` the numbers that are boxes."""

    text: str
    hidden: tuple[str, ...]
    boxes: frozenset[int]

    @property
    def bare(self) -> str:
        """Without any sentinel: what is left to be written anew."""
        return _SENTINEL.sub(" ", self.text)

    def restore(self, reply: str) -> str | Fault:
        """``reply`` with everything back in its place, or what is wrong with it."""
        sent, came = _numbers(self.text), _numbers(reply)
        if Counter(sent) != Counter(came):
            return "sentinels"
        if [one for one in sent if one in self.boxes] != [one for one in came if one in self.boxes]:
            return "boxes"
        bare = _SENTINEL.sub(" ", reply)
        if "⟦" in bare or "⟧" in bare:
            return "sentinels"
        if _DIGIT.search(bare):  # every number of the original is hidden
            return "numbers"
        return _SENTINEL.sub(lambda match: self.hidden[int(match[1])], reply)


def shield(text: str) -> Shielded:
    """What is sent is in NFC; what is hidden comes back to the letter."""
    pieces, hidden, boxes, end = [], dict[str, int](), set[int](), 0
    for start, stop, is_box in _spans(text):
        number = hidden.setdefault(text[start:stop], len(hidden))
        if is_box:
            boxes.add(number)
        pieces += [unicodedata.normalize("NFC", text[end:start]), f"⟦{number}⟧"]
        end = stop
    pieces.append(unicodedata.normalize("NFC", text[end:]))
    return Shielded("".join(pieces), tuple(hidden), frozenset(boxes))


def _spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether it is a box, one behind another; boxes win over what they overlap."""
    found = find_boxes(text)
    end = 0
    for start, stop in [*((box.start, box.end) for box in found), (len(text), len(text))]:
        for match in _HIDDEN.finditer(text, end, start):
            yield match.start(), match.end(), False
        if start < stop:
            yield start, stop, True
        end = stop


def _numbers(text: str) -> list[int]:
    return [int(match[1]) for match in _SENTINEL.finditer(text)]
