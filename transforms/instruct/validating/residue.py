"""What programs left in texts: wrong encodings, special tokens, places of media, tags of HTML."""

from __future__ import annotations

import html
import re

from transforms.conversations.document import SPECIAL_TOKENS

#: Of other chat templates: Llama 2 and 3, Gemma, Vicuna, Phi.
_OTHER_TOKENS = (
    "[INST]", "[/INST]", "<<SYS>>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|begin_of_text|>",
    "<start_of_turn>", "<end_of_turn>", "<|assistant|>", "<|user|>", "<|system|>", "<|end|>",
)  # fmt: skip
_TOKEN = re.compile("|".join(map(re.escape, (*SPECIAL_TOKENS, *_OTHER_TOKENS))))

#: As LLaVA, MMMU, InternVL, MiniGPT and ShareGPT4V write them. A turn in one text has had its own read already.
_PLACEHOLDER = re.compile(r"<(?:image|video)(?:[ _-]?\d{1,3})?>|<(?:ImageHere|ImageContent|Img|IMG_CONTEXT)>|\[IMG\]")
_CODE = re.compile(r"```.*?(?:```|$)|`[^`\n]+`", re.DOTALL)

_LOST = "\ufffd"
#: Characters of Latin-1 and of Windows-1252 above ASCII: one of UTF-8 takes two to four bytes.
_HIGH = re.compile(
    r"[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{2,}"
)

_HTML = re.compile(r"</?p>|<br\s*/?>|&(?:nbsp|amp|lt|gt|quot|#39|#\d{2,5});", re.IGNORECASE)
_OTHER_TAG = re.compile(r"</?(?!p>|br\s*/?>)[a-zA-Z][^<>]*>")
_ASKS_FOR_HTML = re.compile(
    r"html|xml|markup|\btags?\b|web ?page|website|entit|escape|encod|标签|网页|标记|转义|编码", re.I
)
_WRAPPED = re.compile(r"\s*<p>((?:(?!</?p>).)*?)(?:<br\s*/?>|&nbsp;|\s)*</p>\s*", re.IGNORECASE | re.DOTALL)
_BREAK, _PARAGRAPH_END = re.compile(r"<br\s*/?>", re.I), re.compile(r"</p>\s*(?=\S)", re.I)


def garbled(text: str) -> str | None:
    """Characters that were read in another encoding than they were written in, or that were lost on the way."""
    if text.isascii():
        return None
    if _LOST in text:
        return f"{text.count(_LOST)} characters are lost"
    for run in _HIGH.findall(text):
        for encoding in ("latin-1", "cp1252"):
            try:
                read = run.encode(encoding).decode()
            except UnicodeError:
                continue
            return f"{run[:12]!r} is {read[:6]!r} in another encoding"
    return None


def special_token(text: str) -> str | None:
    """The first token of a chat template that a text holds."""
    found = _TOKEN.search(text)
    return found[0] if found else None


def stray_placeholder(text: str) -> str | None:
    """The first place of a medium that a text holds, outside of code."""
    if not _PLACEHOLDER.search(text):
        return None
    found = _PLACEHOLDER.search(_CODE.sub(" ", text))
    return found[0] if found else None


def without_html(text: str, question: str) -> str | None:
    """A text without the paragraphs, line breaks and entities of HTML; None where it has none, or is meant to. Of one
    with code only what is wrapped around it is taken away."""
    if "`" in text:
        around = _WRAPPED.fullmatch(text)
        return None if around is None or _ASKS_FOR_HTML.search(question) else around[1].strip()
    if not _HTML.search(text) or _OTHER_TAG.search(text) or _ASKS_FOR_HTML.search(question):
        return None
    broken = _PARAGRAPH_END.sub("\n\n", _BREAK.sub("\n", text))
    plain = html.unescape(re.sub(r"</?p>", "", broken, flags=re.I)).replace("\xa0", " ")
    return "\n".join(line.rstrip() for line in plain.split("\n")).strip()
