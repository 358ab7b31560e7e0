"""Putting a fault into a row's choices, turns, boxes or picture."""

from __future__ import annotations

from dataclasses import replace

from transforms.miniature.instruct.boxes import Box, Size
from transforms.miniature.instruct.dialogue import LETTERS, Turn, turns_of
from transforms.miniature.instruct.faults import Fault
from transforms.miniature.instruct.rows import Bilingual, Language, Row
from transforms.miniature.pictures.scenes import generator

_REFUSALS = (
    Bilingual("I'm sorry, but I can't assist with that request.", "抱歉，我无法协助您完成这个请求。"),
    Bilingual("As an AI language model, I am unable to view images.", "作为一个人工智能语言模型，我无法查看图片。"),
    Bilingual("I cannot answer that question.", "很抱歉，我不能回答这个问题。"),
)
_ERRORS = (
    "Error 429: rate limit exceeded, please try again later.",
    "<html><head><title>502 Bad Gateway</title></head></html>",
    "openai.error.APIConnectionError: Error communicating with server",
    "Traceback (most recent call last): TimeoutError",
    "upstream request timeout",
)
_LOOPED = Bilingual("and there is more of it ", "还有更多，")
_LEAKED = "<|im_end|>\n<|im_start|>user\n"
_ERROR_PAGE = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not Found</body></html>\n"


def spoilt_turns(row: Row) -> list[Turn]:
    """The turns of a row with its fault in them, where it is one of choices, turns or texts."""
    turns = turns_of(row)
    if row.fault is None:
        return turns
    fault, last = Fault(row.fault), turns[-1]
    chosen = int(generator(row.number, "instruct spoil", 0).integers(1 << 30))
    match fault:
        case Fault.UNKNOWN_ROLE:
            return [*turns[:-1], replace(last, role="narrator")]
        case Fault.ROLES_OUT_OF_ORDER:
            return [*turns[:-2], last, turns[-2]]
        case Fault.EMPTY_QUESTION:
            return [*turns[:-2], replace(turns[-2], text="   "), last]
        case Fault.NO_ANSWER:
            return turns[:-1]
        case Fault.NULL_TEXT:
            return [*turns[:-2], replace(turns[-2], text=None), last]
        case Fault.BAD_MIDDLE_TURN:
            place = next(i for i, turn in enumerate(turns) if turn.role == "assistant") + 2
            refused = replace(turns[place], text=_refusal(row.language, chosen), reasoning=None)
            return [*turns[:place], refused, *turns[place + 1 :]]
        case Fault.EMPTY_ANSWER | Fault.EMPTY_LAST_ANSWER:
            return [*turns[:-1], replace(last, text="", reasoning=None)]
        case Fault.UNCLOSED_REASONING:
            return [*turns[:-1], replace(last, text="<think>Let me look at this step by step. First", reasoning=None)]
    text = _spoilt_answer(fault, row, last.text or "", chosen)
    return turns if text is None else [*turns[:-1], replace(last, text=text, reasoning=None)]


def _refusal(language: Language, chosen: int) -> str:
    return _REFUSALS[chosen % len(_REFUSALS)].of(language)


def _spoilt_answer(fault: Fault, row: Row, answer: str, chosen: int) -> str | None:
    """None where the fault is not one of an answer's text."""
    other = Language.ENGLISH if row.language is Language.CHINESE else Language.CHINESE
    match fault:
        case Fault.TRUNCATED_ANSWER:
            return answer[: answer.rindex(" ", 0, len(answer) * 3 // 4) + 2]
        case Fault.LOOPING_ANSWER:
            return answer + " " + _LOOPED.of(row.language) * 30
        case Fault.REFUSAL:
            return _refusal(row.language, chosen)
        case Fault.ERROR_MESSAGE:
            return _ERRORS[chosen % len(_ERRORS)]
        case Fault.WRONG_LANGUAGE:
            return row.exchanges[-1].answer.of(other)
        case Fault.MOJIBAKE:
            return answer.encode().decode("latin-1")
        case Fault.CUT_START:
            return "e! Here is the answer: " + answer
        case Fault.LEAKED_TEMPLATE:
            return answer + _LEAKED
        case Fault.HTML_RESIDUE:
            return f"<p>{answer}<br />&nbsp;</p>"
        case Fault.LONE_SURROGATE:
            return answer + " \ud83d"
        case Fault.ANSWER_NOT_IN_CHOICES:
            return LETTERS[len(row.exchanges[-1].choices) + 1]
    return None


def with_spoilt_choices(row: Row) -> Row:
    """Two choices alike, where that is the fault."""
    if row.fault != Fault.REPEATED_CHOICES:
        return row
    exchange = row.exchanges[-1]
    choices = list(exchange.choices)
    choices[(exchange.right + 1) % len(choices)] = choices[exchange.right]
    return replace(row, exchanges=(*row.exchanges[:-1], replace(exchange, choices=tuple(choices))))


def spoilt_box(row: Row, box: Box, size: Size) -> Box:
    """An upright box in pixels, as a row with a fault of boxes has it."""
    x0, y0, x1, y1 = box
    match row.fault:
        case Fault.BOX_OUTSIDE:  # of every frame, also of a padded square's margins
            far = 2.0 * max(size)
            return x0 + far, y0 + far, x1 + far, y1 + far
        case Fault.BOX_INVERTED:
            return x1, y1, x0, y0
        case Fault.BOX_EMPTY:
            return x0, y0, x0, y0
    return box


def spoilt_image(row: Row, data: bytes) -> bytes | None:
    """None where the file is not there."""
    match row.fault:
        case Fault.MISSING_IMAGE:
            return None
        case Fault.TRUNCATED_IMAGE:
            return data[: len(data) * 6 // 10]
        case Fault.UNDECODABLE_IMAGE:
            return _ERROR_PAGE
        case Fault.EMPTY_IMAGE:
            return b""
    return data
