"""Ways in which answers are written where one would do: what a clean mixture renders alike, and what it leaves."""

from __future__ import annotations

from enum import StrEnum

from transforms.miniature.instruct.holding import has_boxes
from transforms.miniature.instruct.rows import Bilingual, Exchange, Form, Language, Row
from transforms.miniature.instruct.sources import BY_NAME

PER_KIND = 20  # rows of the full corpus


class Wording(StrEnum):
    """Of the last answer of a row. What stands first is rendered as the form alone; the others stay as they are."""

    LETTER_IN_BRACKETS = "letter_in_brackets"
    LETTER_WITH_STOP = "letter_with_stop"
    LETTER_SAID = "letter_said"
    LETTER_WITH_CHOICE = "letter_with_choice"
    OPTION_SHOUTED = "option_shouted"
    YES_NO_WITH_STOP = "yes_no_with_stop"
    YES_NO_SMALL = "yes_no_small"
    NUMBER_WITH_STOP = "number_with_stop"
    NUMBER_SAID = "number_said"
    UNIT_WITH_STOP = "unit_with_stop"  # the unit stays
    EXPLAINED = "explained"  # only where a source asks for what an answer comes to
    LIST_OF_STARS = "list_of_stars"  # only where lists are rendered
    BOX_IN_WORDS = "box_in_words"  # never touched, nor what follows
    FORMULA_SAID = "formula_said"
    CODE_SAID = "code_said"
    FREE_WITH_STOP = "free_with_stop"


#: What the settings have to ask for; all others that are rendered are so by default.
WHERE_ASKED = (Wording.EXPLAINED, Wording.LIST_OF_STARS)
NEVER_TOUCHED = (Wording.BOX_IN_WORDS, Wording.FORMULA_SAID, Wording.CODE_SAID, Wording.FREE_WITH_STOP)
_LETTERS = "ABCDEFGH"
_SAID = Bilingual("The answer is {}.", "答案是{}。")
_UNITS = Bilingual("{} kg", "{}公斤")
_EXPLAINED = Bilingual("All of it is there to be read.\nSo the answer is {}.", "要看的都在那里。\n所以答案是{}。")
_BOX_IN_WORDS = Bilingual("It is at {}.", "它在{}。")
_FORMULA_SAID = Bilingual("It follows that {}.", "由此得{}。")
_CODE_SAID = Bilingual("This does it:\n{}", "可以这样写：\n{}")
_FORMS = {
    Wording.LETTER_IN_BRACKETS: Form.LETTER,
    Wording.LETTER_WITH_STOP: Form.LETTER,
    Wording.LETTER_SAID: Form.LETTER,
    Wording.LETTER_WITH_CHOICE: Form.LETTER,
    Wording.OPTION_SHOUTED: Form.LETTER,
    Wording.YES_NO_WITH_STOP: Form.YES_NO,
    Wording.YES_NO_SMALL: Form.YES_NO,
    Wording.NUMBER_WITH_STOP: Form.NUMBER,
    Wording.NUMBER_SAID: Form.NUMBER,
    Wording.UNIT_WITH_STOP: Form.NUMBER,
    Wording.EXPLAINED: Form.NUMBER,
    Wording.LIST_OF_STARS: Form.LIST,
    Wording.BOX_IN_WORDS: Form.BOX,
    Wording.FORMULA_SAID: Form.FORMULA,
    Wording.CODE_SAID: Form.CODE,
    Wording.FREE_WITH_STOP: Form.FREE,
}


def can_be_worded(row: Row, wording: Wording) -> bool:
    """Whether the last answer of the row can be written so."""
    last = row.exchanges[-1]
    if last.form is not _FORMS[wording] or len(row.exchanges) != 1 or not BY_NAME[row.source].is_chat:
        return False
    answer = last.answer.of(row.language)
    match wording:
        case Wording.OPTION_SHOUTED:
            return row.language is Language.ENGLISH
        case Wording.YES_NO_SMALL:
            return row.language is Language.ENGLISH
        case Wording.NUMBER_WITH_STOP | Wording.NUMBER_SAID | Wording.UNIT_WITH_STOP | Wording.EXPLAINED:
            return answer.isdecimal() and last.reasoning is None
        case Wording.LIST_OF_STARS:
            return "\n" not in answer and not has_boxes(last) and len(_items(answer)) > 1
        case Wording.CODE_SAID:
            return answer.startswith("```")
        case Wording.FREE_WITH_STOP:
            return " " not in answer and answer.isascii() and answer.isalpha()
    return True


def worded(wording: Wording, exchange: Exchange, language: Language) -> tuple[str, str]:
    """The answer as it is written, and as it is to be rendered where that is asked for."""
    answer = exchange.answer.of(language)
    letter = _LETTERS[exchange.right]
    stop = "." if language is Language.ENGLISH else "。"
    match wording:
        case Wording.LETTER_IN_BRACKETS:
            return f"({letter})", letter
        case Wording.LETTER_WITH_STOP:
            return f"{letter}.", letter
        case Wording.LETTER_SAID:
            return _SAID.of(language).format(letter), letter
        case Wording.LETTER_WITH_CHOICE:
            return f"{letter}. {exchange.choices[exchange.right].of(language)}", letter
        case Wording.OPTION_SHOUTED:
            choice = exchange.choices[exchange.right].of(language)
            return f"{choice.upper()}.", choice
        case Wording.YES_NO_WITH_STOP | Wording.NUMBER_WITH_STOP:
            return answer + stop, answer
        case Wording.YES_NO_SMALL:
            return answer.lower(), answer
        case Wording.NUMBER_SAID:
            return _SAID.of(language).format(answer), answer
        case Wording.UNIT_WITH_STOP:
            measured = _UNITS.of(language).format(answer)
            return measured + stop, measured
        case Wording.EXPLAINED:
            return _EXPLAINED.of(language).format(answer), answer
        case Wording.LIST_OF_STARS:
            items = _items(answer)
            return "\n".join(f"* {item}" for item in items), "\n".join(f"- {item}" for item in items)
        case Wording.BOX_IN_WORDS:
            text = _BOX_IN_WORDS.of(language).format(answer)
        case Wording.FORMULA_SAID:
            text = _FORMULA_SAID.of(language).format(answer)
        case Wording.CODE_SAID:
            text = _CODE_SAID.of(language).format(answer)
        case Wording.FREE_WITH_STOP:
            text = answer + stop
    return text, text


def _items(answer: str) -> list[str]:
    return [item.strip() for item in answer.replace("、", ",").split(",")]
