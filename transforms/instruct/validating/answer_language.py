"""Answers in another script than they should be in.

Scripts are told, not the languages of one script: French in place of English is not seen. What is no prose of one
language is let pass: code, formulas and boxes, a few words (a name, a sign), what the question quotes or names a
language for, and the words of a picture that are to be read.
"""

from __future__ import annotations

import re

import numpy as np

from transforms.instruct.answers.forms import Form
from transforms.scripts import SCRIPT_OF, Script, count_letters

_NO_PROSE: tuple[Form | None, ...] = ("code", "formula", "box", "letter", "number")
_FENCE = "```"
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$|\\\(.+?\\\)|\\\[.+?\\\]|`[^`\n]+`|https?://\S+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{3,}")
_ASKS_FOR_LANGUAGE = re.compile(
    r"translat|\benglish\b|\bchinese\b|\bmandarin\b|\bjapanese\b|\bkorean\b|\brussian\b|\barabic\b|\bhindi\b|\bgreek\b|"
    r"\bthai\b|pinyin|language|bilingual|翻译|译成|译为|英语|英文|中文|汉语|汉字|日语|日文|韩语|法语|德语|俄语|西班牙语|拼音|语言|双语|"
    r"双关|音标|外语",
    re.IGNORECASE,
)
#: A sentence has one of them; a list of names or of what is to be bought has none.
_SENTENCE = re.compile(r"\b(?:the|an?|is|are|was|were|of|and|in|on|with|to|for|it|you|i|this|that)\b", re.IGNORECASE)
#: The words of a picture stand in whatever language they stand in.
_ASKS_TO_READ = re.compile(
    r"transcri|\bocr\b|\bread\b|\btexts?\b|written|\bsays?\b|\bwords?\b|\btitle\b|\blabel|\bname|文字|文本|读出|抄|写着|内容|标题|识别|名称|名字",
    re.IGNORECASE,
)
_LEAST_ASKED = 8  # letters of a question that tell what it is written in: the two words of "描述图片" are 12
_LEAST_SHARE = 0.85  # of the letters of an answer, for which it is said to be in another script


def other_script(
    text: str, question: str, form: Form | None, declared: str | None, shows: bool, min_letters: int
) -> str | None:
    """What an answer is written in, where that is not what it should be."""
    if form in _NO_PROSE or _FENCE in text or _ASKS_FOR_LANGUAGE.search(question):
        return None
    asked, answered = count_letters((question, _FORMULA.sub(" ", text)))
    wanted = SCRIPT_OF.get(declared) if declared else _main(asked, _LEAST_ASKED)
    found = _main(answered, min_letters)
    if wanted is None or found is None or found is wanted or _are_one(found, wanted):
        return None
    if found is Script.LATIN and (_WORD.search(question) or not _SENTENCE.search(text)):
        return None  # the question quotes what is spoken of, or nothing is said but names
    if shows and _ASKS_TO_READ.search(question):
        return None
    return f"{found.name.lower()} letters, in place of {wanted.name.lower()}: {declared or 'as the question'}"


def _main(letters: np.ndarray, min_letters: int, least: float = _LEAST_SHARE) -> Script | None:
    script = Script(int(letters.argmax()))
    total = int(letters[1:].sum())
    if script is Script.NONE or total < min_letters or letters[script] < least * total:
        return None
    return script


def _are_one(found: Script, wanted: Script) -> bool:
    """Japanese writes short texts in Han alone."""
    return {found, wanted} == {Script.HAN, Script.KANA}
