"""Whether a reply may stand as a caption."""

from __future__ import annotations

from transforms.captioning.settings import CaptionSettings
from transforms.instruct.asking.reply import Reply
from transforms.instruct.validating.looping import loop_at_end
from transforms.instruct.validating.refusals import error_message, refusal
from transforms.instruct.validating.residue import special_token
from transforms.rejects import Reason
from transforms.scripts import SCRIPT_OF, Script, count_letters

_LEAST_REPEATS, _LEAST_LOOP = 4, 24  # characters


def check_caption(reply: Reply, language: str, settings: CaptionSettings) -> tuple[str, Reason | None, str]:
    """The caption; or what was said, why it is none, and what shows that."""
    text = reply.text.strip()
    if reply.state == "refused":
        return text, Reason.NO_REPLY, f"the server would not answer: {text[:200]}"
    if reply.state == "cut":
        return text, Reason.TRUNCATED_TEXT, f"broke off at {settings.server.max_tokens} tokens"
    if found := refusal(text) or error_message(text, ""):
        return text, Reason.REFUSAL, found
    if len(text) < settings.min_characters:
        return text, Reason.CAPTION_TOO_SHORT, f"{len(text)} characters"
    if len(text) > settings.max_characters:
        return text, Reason.CAPTION_TOO_LONG, f"{len(text)} characters"
    if token := special_token(text):
        return text, Reason.RESERVED_TOKEN, token
    if loop := loop_at_end(text, _LEAST_REPEATS, _LEAST_LOOP):
        return text, Reason.LOOPING_TEXT, f"{loop[0][:80]!r} {loop[1]} times"
    if not _is_in(text, language):
        return text, Reason.UNEXPECTED_LANGUAGE, f"not {language}: {text[:80]}"
    return text, None, ""


def _is_in(text: str, language: str) -> bool:
    """Most letters are of the language's script; words that are read off a picture stay in theirs."""
    letters = count_letters((text,))[0].copy()
    letters[Script.NONE] = 0
    return bool(2 * int(letters[SCRIPT_OF[language]]) > int(letters.sum()))
