"""Answers in another script than they should be in.

Scripts are told, not the languages of one script: French in place of English is not seen. What is no prose of one
language is let pass: code, formulas and boxes, a few words (a name, a sign), what the question quotes or names a
language for, and the words of a picture that are to be read.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from transforms.instruct.answers.forms import Form
from transforms.instruct.validating.findings import Exchange
from transforms.scripts import SCRIPT_OF, Script, count_letters

_NO_PROSE: tuple[Form | None, ...] = ("code", "formula", "box", "letter", "number")
_FENCE = "```"
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$|\\\(.+?\\\)|\\\[.+?\\\]|`[^`\n]+`|https?://\S+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{3,}")
_ASKS_FOR_LANGUAGE = re.compile(
    r"translat|\benglish\b|\bchinese\b|\bmandarin\b|\bjapanese\b|\bkorean\b|\brussian\b|\barabic\b|\bhindi\b|\bgreek\b|"
    r"\bthai\b|pinyin|language|bilingual|翻译|译成|译为|英语|英文|中文|汉语|汉字|日语|日文|韩语|法语|德语|俄语|西班牙语|拼音|语言|双语|"
    r"双关|音标|外语",
    re.IGNORECASE,
)
#: The same of ASCII texts in small letters: regard to case makes a search four times as fast.
_ASKS_IN_ASCII = re.compile("|".join(one for one in _ASKS_FOR_LANGUAGE.pattern.split("|") if one.isascii()))
#: A sentence has one of them; a list of names or of what is to be bought has none.
_SENTENCE = re.compile(r"\b(?:the|an?|is|are|was|were|of|and|in|on|with|to|for|it|you|i|this|that)\b", re.IGNORECASE)
#: The words of a picture stand in whatever language they stand in.
_ASKS_TO_READ = re.compile(
    r"transcri|\bocr\b|\bread\b|\btexts?\b|written|\bsays?\b|\bwords?\b|\btitle\b|\blabel|\bname|文字|文本|读出|抄|写着|内容|标题|识别|名称|名字",
    re.IGNORECASE,
)
_LEAST_ASKED = 8  # letters of a question that tell what it is written in: the two words of "描述图片" are 12
_ENOUGH_LATIN = re.compile(rf"(?:[^A-Za-z]*[A-Za-z]){{{_LEAST_ASKED}}}")
_LEAST_SHARE = 0.85  # of the letters of an answer, for which it is said to be in another script


def other_script(exchange: Exchange, declared: str | None, told: str | None, min_letters: int) -> str | None:
    """What an answer is written in, where that is not what it should be: of the language that the source has
    ``declared``, else as its question; what the record says or was told by counts where the question tells nothing."""
    if exchange.text.isascii() and _wants_latin(exchange.question, declared):
        return None  # as most are: no other script is written in ASCII
    form = exchange.answer.form if exchange.answer else None
    if form in _NO_PROSE or _FENCE in exchange.text or _asks_for_language(exchange.question):
        return None
    asked, answered = count_letters((exchange.question, _FORMULA.sub(" ", exchange.text)))
    wanted = SCRIPT_OF.get(declared) if declared else _main(asked, _LEAST_ASKED) or SCRIPT_OF.get(told or "")
    found = _main(answered, min_letters)
    if wanted is None or found is None or found is wanted or _are_one(found, wanted):
        return None
    if found is Script.LATIN and (_WORD.search(exchange.question) or not _SENTENCE.search(exchange.text)):
        return None  # the question quotes what is spoken of, or nothing is said but names
    if exchange.shows and _ASKS_TO_READ.search(exchange.question):
        return None
    return f"{found.name.lower()} letters, in place of {wanted.name.lower()}: {declared or 'as the question'}"


def _wants_latin(question: str, declared: str | None) -> bool:
    """Whether that is certain without counting letters."""
    if declared:
        return SCRIPT_OF.get(declared) is Script.LATIN
    return question.isascii() and _ENOUGH_LATIN.match(question) is not None


def _asks_for_language(question: str) -> bool:
    if question.isascii():
        return _ASKS_IN_ASCII.search(question.lower()) is not None
    return _ASKS_FOR_LANGUAGE.search(question) is not None


def _main(letters: NDArray[np.int64], min_letters: int) -> Script | None:
    counts: list[int] = letters.tolist()
    most, total = max(counts), sum(counts[1:])
    script = Script(counts.index(most))
    if script is Script.NONE or total < min_letters or most < _LEAST_SHARE * total:
        return None
    return script


def _are_one(found: Script, wanted: Script) -> bool:
    """Japanese writes short texts in Han alone."""
    return {found, wanted} == {Script.HAN, Script.KANA}
