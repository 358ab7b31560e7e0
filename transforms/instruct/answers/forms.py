"""The form of an answer, and its value in one rendering. The text itself is not touched."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from transforms.instruct.grounding.notations import find_boxes

Form = Literal["letter", "option", "yes_no", "number", "list", "box", "formula", "code", "free"]
FORMS: tuple[Form, ...] = get_args(Form)


class ParsedAnswer(NamedTuple):
    """``value`` is None for code and free text; ``correct`` are places among the choices that were offered."""

    form: Form
    value: str | None
    correct: tuple[int, ...] = ()


_LEAD = re.compile(r"^(?:(?:the )?(?:correct |final )?answer(?: is)?|答案(?:是|为)?)\s*[:：]?\s*", re.IGNORECASE)
_LETTERS = re.compile(r"[（(]?([A-Z])[）)]?(?:\s*(?:,|，|、|and|&)\s*[（(]?([A-Z])[）)]?)*[.。]?")
_LETTER_AND_TEXT = re.compile(r"[（(]?([A-Z])[.):：、．）]\s*(.+)", re.DOTALL)
_YES = frozenset(("yes", "true", "是", "是的", "对", "对的", "有", "正确"))
_NO = frozenset(("no", "false", "否", "不是", "不", "不对", "没有", "错误"))
_NUMBER = re.compile(
    r"(?P<before>[$€£¥￥]?)\s*(?P<sign>[-−]?)(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|\d+/\d+)"
    r"\s*(?P<unit>%|°[CF]?|[A-Za-zµμ²³/]{1,12}(?: [A-Za-z²³/]{1,12})?|[\u4e00-\u9fff]{1,3})?"
)
_FORMULA = re.compile(
    r"\$\$.+\$\$|\$[^$]+\$|\\\(.+\\\)|\\\[.+\\\]|\\boxed\{.+\}|\\begin\{(\w+\*?)\}.+\\end\{\1\}", re.DOTALL
)
_FENCE = re.compile(r"```[^\n]{0,100}\n.*?```", re.DOTALL)
_BULLET = re.compile(r"\s*(?:[-*•]|\d{1,3}[.)、])\s*(\S.*)")
#: Lines of the common programming languages and of markup: what begins or ends them and no sentence.
_CODE_LINE = re.compile(
    r"\s*(?:(?:def|class|import|from|for|while|if|else|elif|return|print|function|var|let|const|public|private|static|"
    r"#include|using|SELECT|INSERT|UPDATE|CREATE|FROM|WHERE)\b.*(?:[(){}:;=]|\bfrom\b|\bFROM\b).*|</?[a-zA-Z!][^<>]*>.*|"
    r".*[;{}]\s*|\s+(?:return|yield|raise|pass|break)\b.*|[\w.\[\]]+ (?:[-+*/]?=) .+|[\w.]+\(.*\)\s*)",
    re.ASCII,
)
_COMMENT_LINE = re.compile(r"\s*(?://|#|/\*|--).*")
_LEAST_CODE_SHARE = 0.6  # of the lines; the rest may be words of a docstring
_BOX_WRAPPING = re.compile(
    r"<\|(?:object_ref|box)_(?:start|end)\|>|</?(?:ref|box)>|```(?:json)?|\"(?:bbox_2d|label|text_content)\"\s*:|"
    r"\"(?:[^\"\\]|\\.)*\"|[\[\]{}(),;:.\s]|\band\b"
)
_REFERENCE_TEXT = re.compile(r"<(ref|\|object_ref_start\|)>.{0,300}?<(/ref|\|object_ref_end\|)>", re.DOTALL)
_MOST_SHORT = 80  # characters of an answer that is a letter, an option or a number


def parse_answer(answer: str, choices: Sequence[str] = ()) -> ParsedAnswer:
    """What ``answer`` is, to a question that offers ``choices``."""
    text = answer.strip()
    if text.startswith("```") or ((fences := _FENCE.findall(text)) and sum(map(len, fences)) * 2 > len(text)):
        return _boxes(text) or ParsedAnswer("code", None)
    short = without_lead(text)
    return (
        _letters(short, choices)
        or _option(short, choices)
        or _yes_or_no(short)
        or _number(short)
        or _boxes(text)
        or (ParsedAnswer("formula", short.rstrip(".。")) if _FORMULA.fullmatch(short.rstrip(".。")) else None)
        or _list(text)
        or ParsedAnswer("code" if _is_code(text) else "free", None)
    )


def without_lead(answer: str) -> str:
    """An answer without ``The answer is`` and the like before it, where it is short."""
    text = answer.strip()
    return _LEAD.sub("", text) if len(text) <= _MOST_SHORT else text


def _letters(text: str, choices: Sequence[str]) -> ParsedAnswer | None:
    if len(text) > _MOST_SHORT:
        return None
    if _LETTERS.fullmatch(text):
        letters = re.findall(r"[A-Z]", text)
    elif choices and (match := _LETTER_AND_TEXT.fullmatch(text)) and _place(match[2], choices) is not None:
        letters = [match[1]]
    else:
        return None
    places = tuple(ord(letter) - ord("A") for letter in letters)
    return ParsedAnswer("letter", ", ".join(letters), tuple(place for place in places if place < len(choices)))


def _option(text: str, choices: Sequence[str]) -> ParsedAnswer | None:
    place = _place(text, choices)
    return None if place is None else ParsedAnswer("option", choices[place], (place,))


def _place(text: str, choices: Sequence[str]) -> int | None:
    wanted = _bare(text)
    return next((place for place, choice in enumerate(choices) if _bare(choice) == wanted), None)


def _bare(text: str) -> str:
    return text.strip().rstrip(".。!！").casefold()


def _yes_or_no(text: str) -> ParsedAnswer | None:
    bare = _bare(text)
    return ParsedAnswer("yes_no", "yes" if bare in _YES else "no") if bare in _YES | _NO else None


def _number(text: str) -> ParsedAnswer | None:
    match = _NUMBER.fullmatch(text.rstrip(".。")) if len(text) <= _MOST_SHORT else None
    if match is None:
        return None
    number = match["sign"].replace("−", "-") + match["number"].replace(",", "")
    return ParsedAnswer("number", " ".join(filter(None, (match["before"], number, match["unit"]))))


def _boxes(text: str) -> ParsedAnswer | None:
    """Boxes and what they are boxes of, and nothing else."""
    if not (found := find_boxes(text)):
        return None
    starts, ends = [0, *(box.end for box in found)], [*(box.start for box in found), len(text)]
    rest = "".join(text[start:end] for start, end in zip(starts, ends, strict=True))
    if _BOX_WRAPPING.sub("", _REFERENCE_TEXT.sub("", rest)):
        return None
    return ParsedAnswer("box", json.dumps([list(box.numbers) for box in found]))


def _list(text: str) -> ParsedAnswer | None:
    """Every line but one before them is an item; or JSON of a list of texts and numbers."""
    if text.startswith("[") and text.endswith("]"):
        try:
            items = json.loads(text)
        except (ValueError, RecursionError):
            return None
        is_plain = all(isinstance(item, (str, int, float)) for item in items)
        return ParsedAnswer("list", json.dumps(items, ensure_ascii=False)) if is_plain else None
    lines = [line for line in text.splitlines() if line.strip()]
    items = [match[1].strip() if (match := _BULLET.fullmatch(line)) else None for line in lines]
    if len(items) > 1 and items[0] is None and lines[0].rstrip().endswith((":", "：")):
        items = items[1:]
    if len(items) < 2 or None in items:
        return None
    return ParsedAnswer("list", json.dumps(items, ensure_ascii=False))


def _is_code(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    code = sum(_CODE_LINE.fullmatch(line) is not None for line in lines)
    comments = sum(_COMMENT_LINE.fullmatch(line) is not None for line in lines)
    return code > 0 and code + comments >= _LEAST_CODE_SHARE * len(lines)
