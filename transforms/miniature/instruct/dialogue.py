"""A planned row → its turns in one language, with marks where boxes stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from transforms.miniature.instruct.rows import Bilingual, Exchange, Form, Language, Row, Suffix
from transforms.miniature.instruct.wordings import Wording, worded

LETTERS = "ABCDEFGH"

_SYSTEM = Bilingual("You are a helpful assistant who looks closely.", "你是一个观察仔细的助手。")
_SHORT = Bilingual("Answer the question using a single word or phrase.", "请用一个词或短语回答。")
_BY_LETTER = Bilingual("Answer with the option's letter from the given choices directly.", "请直接回答选项的字母。")


@dataclass(frozen=True)
class Turn:
    """``text`` is None where a fault took it away. ``shows``: how many of the row's pictures stand before the text."""

    role: str  # system, user or assistant, or what a fault made of it
    text: str | None
    reasoning: str | None = None
    shows: int = 0


def turns_of(row: Row) -> list[Turn]:
    """System prompt where there is one, then question and answer in turn; all pictures before the first question."""
    turns = [Turn("system", _SYSTEM.of(row.language))] if row.system else []
    for i, exchange in enumerate(row.exchanges):
        shows = len(row.pictures) if i == 0 else 0
        reasoning = exchange.reasoning.of(row.language) if exchange.reasoning else None
        turns.append(Turn("user", question_of(exchange, row.language, row.suffix), shows=shows))
        turns.append(Turn("assistant", answer_of(exchange, row.language), reasoning))
    if row.wording is not None:
        text, _ = worded(Wording(row.wording), row.exchanges[-1], row.language)
        turns[-1] = replace(turns[-1], text=text)
    return turns


def question_of(exchange: Exchange, language: Language, suffix: Suffix = Suffix.NONE) -> str:
    """With its choices, and with how it is to be answered."""
    lines = [exchange.question.of(language)]
    lines += [f"{letter}. {choice.of(language)}" for letter, choice in zip(LETTERS, exchange.choices, strict=False)]
    if exchange.form is Form.LETTER:
        lines.append(_BY_LETTER.of(language))
    elif suffix is Suffix.SHORT:
        lines.append(_SHORT.of(language))
    return "\n".join(lines)


def answer_of(exchange: Exchange, language: Language) -> str:
    """A letter where letters are asked for."""
    return LETTERS[exchange.right] if exchange.form is Form.LETTER else exchange.answer.of(language)
