"""Answers that begin in the middle, and answers that break off.

Only what a person would see at once is told: an answer that ends between two sentences looks whole, and so does a
caption that never had a full stop. Code, boxes, formulas and short answers have ends of their own and are not asked.
"""

from __future__ import annotations

import re

_THOUGHT_OPEN, _THOUGHT_CLOSED = "<think>", "</think>"

#: The end of a word and a sign, then a sentence: ``e! Here is``, ``e, here's``. A comma behind several letters is that
#: of a list, ``car, tree``; words of two or three letters that are called out by themselves are none that was cut.
_CUT_WORD = re.compile(
    r"(?!(?:ah|aha|aw|boo|bye|dad|eh|er|go|ha|hey|hi|hm|hmm|hit|man|mom|mum|no|nah|nay|now|oh|ok|ooh|out|ow|run|shh|sir|so|"
    r"stop|tsk|uh|um|ugh|up|win|wow|yay|yea|yep|yes|yet|yo|yum)\b)[a-z]{1,3}[!？！] ?(?=[A-Z\u4e00-\u9fff])"
    r"|[eghj-mo-wy], (?=[a-z]+['’]?[a-z]* [a-z])"
)
#: A sign that ends something, before anything was said.
_CUT_SIGN = re.compile(r"[,;，。；、！？）】》](?=[ \u4e00-\u9fff])[^\n]*\w")

#: Marks that an answer may end with, of English, Chinese, Markdown, formulas and tables; emoji are none of its words.
_ENDED = re.compile(r"[.!?…。！？；;:：~～)\]}>）】》」』\"'”’`*_|$%#=\-—–/\\+^&@°]$|[^\w\s,，、（(\[【《「“‘<]$")
_OPEN_END = re.compile(r"[,，、（(\[【《「“‘]$")
#: English words that no sentence ends with: articles, conjunctions, possessives, and prepositions that want a noun.
_OPEN_WORD = re.compile(
    r"\b(?:the|an|and|or|but|of|nor|than|because|although|whereas|while|if|unless|whether|its|their|our|my|your|every|"
    r"into|from|between|during|among|towards?|via|per|is|are|was|were|be|been|being|has|had|would|should|could|very)$"
    r"|(?<!option)(?<!choice)(?<!answer)(?<!part)(?<!type)(?<!vitamin)(?<!letter)(?<!,) a$"
)
_SENTENCE_END = re.compile(r"[a-z\d)\"”’%][a-z)\"”’%][.!?][\"”’)]? +(?=[A-Z\"“(\d])|[。！？][”」）]?(?=\S)")
_PROSE = re.compile(r"(?:\b[A-Za-z][\w'’,-]{0,30} ){3}|[\u4e00-\u9fff，、]{8}")
#: What stands behind the last sentence of an answer that is whole: tags, addresses, a name, the answer in short.
_AFTERTHOUGHT = re.compile(
    r"[#@*\-—–(（\"“]|https?:|www\.|[A-Z][\w.]*(?: [A-Z][\w.]*){0,3}$|.*\b[Aa]nswer\b|答案|.*[=:：]"
)
#: Tags of a post, and who is quoted: neither ends with a full stop.
_CLOSING = re.compile(r"(?:^|\s)[#@][\w#]+$|[\"”’']\s*[-—–~]\s*\w[^!?。]{0,60}\w$")
_LETTER_ALONE = re.compile(r"(?<=[a-z,.;] )[A-Za-z]$")
_MATHS = re.compile(r"[=$\\^{}]|\d")
_FENCE = "```"

_END = 64  # characters that hold any word of _OPEN_WORD and what it looks back at
_LEAST_PROSE = 30  # bytes, a Chinese character three, of a text of which the end is judged by how it reads


def cut_start(text: str) -> str | None:
    """Why an answer seems to begin in the middle; None of one that does not."""
    body = text.lstrip()
    if _CUT_WORD.match(body) or _CUT_SIGN.match(body):
        return f"begins in the middle: {body[:30]!r}"
    if _THOUGHT_CLOSED in text and _THOUGHT_OPEN not in text[: text.index(_THOUGHT_CLOSED)]:
        return "ends a thought that it does not begin"
    return None


def cut_end(text: str, question: str) -> str | None:
    """Why an answer seems to break off; None of one that does not."""
    body = text.rstrip()
    if _THOUGHT_OPEN in body and _THOUGHT_CLOSED not in body:
        return "a thought that does not end, and no answer"
    if body.count(_FENCE) % 2:
        return "code that does not end"
    if body.endswith(_FENCE) or len(body.encode()) < _LEAST_PROSE or "\t" in body:
        return None
    last = body.rpartition("\n")[2]
    if last.startswith("|") and not last.endswith("|") and body[: -len(last)].rstrip().endswith("|"):
        return f"a table that does not end: {last[-30:]!r}"
    is_open = _OPEN_END.match(last[-1:]) is not None
    if not is_open and not _PROSE.search(last):
        return None
    ending = f"ends in the middle: {last[-30:]!r}"
    if is_open or _OPEN_WORD.search(last[-_END:]):
        return ending
    if _ENDED.match(last[-1:]) or _CLOSING.search(last):
        return None
    ends = list(_SENTENCE_END.finditer(last))
    if ends and not _is_afterthought(last[ends[-1].end() :]):
        return ending
    if (letter := _LETTER_ALONE.search(last)) and _breaks_a_word(letter[0], body, question):
        return ending
    return None


def _is_afterthought(rest: str) -> bool:
    """A single capital is the beginning of a word that was cut, and no name."""
    return len(rest) > 1 and _AFTERTHOUGHT.match(rest) is not None


def _breaks_a_word(letter: str, body: str, question: str) -> bool:
    """Whether the last letter is no name of a variable, a choice or a shape."""
    alone = re.compile(rf"\b{letter}\b")
    return letter not in "xyzn" and not (_MATHS.search(body) or alone.search(question) or alone.search(body[:-1]))
