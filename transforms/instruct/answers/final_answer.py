"""What an answer that explains itself comes to."""

from __future__ import annotations

import re

_MOST = 80  # characters of a final answer; more is an explanation still
#: GSM8K ends with ####, a space and the answer; MATH boxes it.
_HASHES = re.compile(r"^####[ \t]*(\S.*)\Z", re.MULTILINE)
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})+)\}")
_SAID = re.compile(
    r"(?:^|[\n.!?;,*])\s{0,8}(?:(?:so|therefore|thus|hence),? )?(?:the )?(?:correct |final )?answer"
    r"(?: to (?:the|this) question)?(?: is\b|\s*:)[:\s*]*(?=[\w$\\(\-−])([^\n]+)\Z",
    re.IGNORECASE,
)
_SAID_ZH = re.compile(
    r"(?:^|[\n。！？；，])\s{0,8}(?:所以|因此|故|综上)?，?(?:最终|正确|最后)?的?答案(?:应该?)?(?:是|为|[:：])[：:\s]*(?=[\w$\\(\-−])([^\n]+)\Z"
)


def final_answer(text: str) -> str | None:
    """The last line that says what the answer is, without what leads to it; None of a text that does not say so."""
    for pattern in (_HASHES, _BOXED, _SAID, _SAID_ZH):
        if found := pattern.findall(text.rstrip()):
            return _short(found[-1])
    return None


def _short(text: str) -> str | None:
    bare = text.strip().strip("*").strip()
    if len(bare) > 1 and bare[-1] in ".。" and not bare[-2].isspace():
        bare = bare[:-1]
    return bare if bare and len(bare) <= _MOST else None
