"""What a question asks, apart from the choices that it offers and from the form of the answer that it wants."""

from __future__ import annotations

import re

_CHOICE = re.compile(r"\s*[(（]?[A-Z][)）.．:：、]\s*\S")
_ABOUT_FORM = re.compile(
    r"\s*(?:answer (?:the question|with|using|directly|in)|please (?:answer|respond|reply|select|choose|give|provide)|"
    r"(?:respond|reply) (?:with|only)|(?:select|choose) (?:the|one)|give (?:the|a|only)|the best answer is|"
    r"请(?:直接|只|用|从|选|回答|以|给出)|只需|直接(?:回答|给出)|用.{1,12}回答|最佳答案)",
    re.IGNORECASE,
)


def core_of(question: str) -> str:
    """The question without the choices that it letters and without what it says of the form of the answer: in the same
    set both differ from one copy to the next, and many questions share them."""
    lines = [line for line in question.strip().split("\n") if line.strip() and not _CHOICE.match(line)]
    while len(lines) > 1 and _ABOUT_FORM.match(lines[-1]):
        lines.pop()
    return "\n".join(lines) or question


_SENTENCE = re.compile(r"[.。?？!！\n]\s*")


def asks_for_form(question: str) -> bool:
    """Whether a sentence of the question says of which form the answer is to be."""
    return any(_ABOUT_FORM.match(one) for one in _SENTENCE.split(question) if one)
