"""Which form a short answer has, and whether its question says so."""

from __future__ import annotations

import re

from transforms.instruct.question_core import asks_for_form
from transforms.instruct.rows import Answer
from transforms.instruct.templating.banks import AnswerFormat

_YES_NO = {"en": frozenset(("Yes", "No", "yes", "no")), "zh": frozenset(("是", "否"))}
_NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")
_MOST_WORDS, _MOST_CHARACTERS = 3, {"en": 30, "zh": 8}  # of a phrase
_SEVERAL = re.compile(r"[.!?。！？；;\n,，、]")  # sentences, or things in a row
#: Of what is said of the form besides what :func:`asks_for_form` knows: within a sentence, wherever it stands.
_SAID = re.compile(
    r"\byes or no\b|\bin (?:one|a single|a few|a) words?\b|\b(?:single|one) word\b|"
    r"\bshort (?:answer|phrase)\b|\bbriefly\b|"
    r"\b(?:as|with|using) (?:a|one|the|an? \w+) (?:number|letter|digit|integer)|\bbounding box|"
    r"\bcoordinates\b|\bjson\b|"
    r"\b(?:format|form) of\b|\bletter of\b|\boption's letter\b|"
    r"是[”\"」]?(?:或|还是)[“\"「]?否|简短|一个词|一个字|短语|数字(?:回答|作答)|选项字母|字母(?:回答|作答)|边界框|坐标|格式",
    re.IGNORECASE,
)


#: Questions that ask for as many things as there are, of which there may be one.
_ASKS_FOR_SEVERAL = re.compile(
    r"\blist\b|\ball (?:the|of)\b|\beverything\b|\beach\b|列出|列举|所有|全部|哪些|分别", re.IGNORECASE
)


def says_format(question: str) -> bool:
    """Whether a question says of which form its answer is to be."""
    return asks_for_form(question) or _SAID.search(question) is not None


def format_of(answer: Answer, question: str, text: str, language: str, has_media: bool) -> AnswerFormat | None:
    """The form of a short answer; None for one that is not short, or of which nothing needs to be said.

    A letter asks for choices that the question letters. Without a picture a short answer is most often the only one
    that there can be, and is left alone.
    """
    text = text.strip()
    if answer.form == "letter":
        return "letter" if re.fullmatch(r"[A-Z]", text) and answer.choices else None
    if not has_media or answer.choices:
        return None
    if text in _YES_NO[language]:
        return "yes_no"
    if _NUMBER.fullmatch(text):
        return "number"
    if (
        answer.form in ("free", "option", "yes_no", "number")
        and not _ASKS_FOR_SEVERAL.search(question)
        and _is_phrase(text, language)
    ):
        return "phrase"
    return None


def _is_phrase(text: str, language: str) -> bool:
    if not text or len(text) > _MOST_CHARACTERS[language] or _SEVERAL.search(text):
        return False
    return len(text.split()) <= _MOST_WORDS
