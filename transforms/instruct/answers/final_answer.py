"""What an answer that explains itself comes to."""

from __future__ import annotations

import re

_MOST = 80  # characters of a final answer; more is an explanation still
#: GSM8K writes #### before it, MATH boxes it.
_HASHES = re.compile(r"^####[ \t]*(\S.*)$", re.MULTILINE)
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})+)\}")
_SAID = re.compile(
    r"(?:^|[\n.!?。！？;；,，*]\s*)(?:so,? |therefore,? |thus,? |hence,? )?(?:the )?(?:correct |final )?answer"
    r"(?: is| to (?:the|this) question is)?\s*[:：]?\**\s*(\S[^\n]*)$|(?:最终|正确|最后)?答案(?:是|为)?\s*[:：]?\s*(\S[^\n]*)$",
    re.IGNORECASE,
)


def final_answer(text: str) -> str | None:
    """The last line that says what the answer is, without what leads to it; None of a text that does not say so."""
    for pattern in (_HASHES, _BOXED):
        if found := pattern.findall(text):
            return _short(found[-1])
    found_last = _SAID.search(text.rstrip())
    return _short(found_last[1] or found_last[2]) if found_last else None


def _short(text: str) -> str | None:
    bare = text.strip().strip("*").strip()
    if len(bare) > 1 and bare[-1] in ".。" and not bare[-2].isspace():
        bare = bare[:-1]
    return bare if bare and len(bare) <= _MOST else None
