"""The kinds of fault, what is to become of a row that has one, and which rows can have it."""

from __future__ import annotations

from enum import StrEnum

from transforms.miniature.instruct.boxes import Frame
from transforms.miniature.instruct.holding import has_boxes
from transforms.miniature.instruct.rows import Form, Language, Row
from transforms.miniature.instruct.sources import BY_NAME, FileFormat, Shape

PER_KIND = 24  # rows of the full corpus


class Fate(StrEnum):
    """What a clean mixture does with the row."""

    REJECTED = "rejected"
    MENDED = "mended"  # a turn is masked or cut, or a text cleaned
    KEPT = "kept"  # nothing of worth is wrong


class Fault(StrEnum):
    # of the record
    MALFORMED_JSON = "malformed_json"
    NO_TURNS = "no_turns"
    STRAY_KEY = "stray_key"
    LONE_SURROGATE = "lone_surrogate"
    # of the turns
    UNKNOWN_ROLE = "unknown_role"
    ROLES_OUT_OF_ORDER = "roles_out_of_order"
    EMPTY_QUESTION = "empty_question"
    EMPTY_ANSWER = "empty_answer"
    NO_ANSWER = "no_answer"
    NULL_TEXT = "null_text"
    BAD_MIDDLE_TURN = "bad_middle_turn"
    EMPTY_LAST_ANSWER = "empty_last_answer"
    # of the media
    MORE_PLACEHOLDERS = "more_placeholders"
    FEWER_PLACEHOLDERS = "fewer_placeholders"
    MISSING_IMAGE = "missing_image"
    TRUNCATED_IMAGE = "truncated_image"
    UNDECODABLE_IMAGE = "undecodable_image"
    EMPTY_IMAGE = "empty_image"
    WRONG_EXTENSION = "wrong_extension"
    # of the texts
    TRUNCATED_ANSWER = "truncated_answer"
    LOOPING_ANSWER = "looping_answer"
    REFUSAL = "refusal"
    ERROR_MESSAGE = "error_message"
    WRONG_LANGUAGE = "wrong_language"
    MOJIBAKE = "mojibake"
    CUT_START = "cut_start"
    LEAKED_TEMPLATE = "leaked_template"
    UNCLOSED_REASONING = "unclosed_reasoning"
    HTML_RESIDUE = "html_residue"
    # of choices and boxes
    ANSWER_NOT_IN_CHOICES = "answer_not_in_choices"
    REPEATED_CHOICES = "repeated_choices"
    BOX_OUTSIDE = "box_outside"
    BOX_INVERTED = "box_inverted"
    BOX_EMPTY = "box_empty"


#: All others are rejected.
_FATES = {
    Fault.STRAY_KEY: Fate.KEPT,
    Fault.WRONG_EXTENSION: Fate.KEPT,
    Fault.HTML_RESIDUE: Fate.MENDED,
    Fault.BAD_MIDDLE_TURN: Fate.MENDED,
    Fault.EMPTY_LAST_ANSWER: Fate.MENDED,
}

OF_IMAGES = (Fault.MISSING_IMAGE, Fault.TRUNCATED_IMAGE, Fault.UNDECODABLE_IMAGE, Fault.EMPTY_IMAGE)
_OF_ROLES = (Fault.UNKNOWN_ROLE, Fault.ROLES_OUT_OF_ORDER, Fault.NO_ANSWER, Fault.NULL_TEXT, Fault.NO_TURNS)
_WITH_ROLES = (Shape.MESSAGES, Shape.PARTS, Shape.CONVERSATIONS, Shape.CONVERSATIONS_UNPLACED)
_WITH_PLACEHOLDERS = (Shape.MESSAGES, Shape.PARTS, Shape.CONVERSATIONS)
_LONG = 40  # characters: an answer that can be seen to stop short


def fate_of(fault: Fault) -> Fate:
    return _FATES.get(fault, Fate.REJECTED)


def can_have(row: Row, fault: Fault) -> bool:
    """Whether the fault makes sense in this row, and can be written in its source's shape and format."""
    source = BY_NAME[row.source]
    single, last = len(row.exchanges) == 1, row.exchanges[-1]
    answer, is_box = last.answer.of(row.language), single and last.form is Form.BOX
    in_json = source.file_format in (FileFormat.JSON, FileFormat.JSONL)
    if fault in OF_IMAGES:
        return len(row.pictures) == 1
    if fault in _OF_ROLES:
        return single and in_json and source.shape in _WITH_ROLES
    match fault:
        case Fault.MALFORMED_JSON:
            return source.file_format is FileFormat.JSONL
        case Fault.STRAY_KEY | Fault.LONE_SURROGATE:
            return single and in_json
        case Fault.MORE_PLACEHOLDERS:
            return bool(row.pictures) and source.shape in _WITH_PLACEHOLDERS
        case Fault.FEWER_PLACEHOLDERS:  # none at all would be a rule of the source
            return len(row.pictures) > 1 and source.shape in (Shape.MESSAGES, Shape.CONVERSATIONS)
        case Fault.WRONG_EXTENSION:
            return len(row.pictures) == 1 and in_json
        case Fault.BAD_MIDDLE_TURN:
            return len(row.exchanges) >= 3
        case Fault.EMPTY_LAST_ANSWER:
            return len(row.exchanges) >= 2
        case Fault.TRUNCATED_ANSWER:
            return single and last.form is Form.FREE and " " in answer and len(answer) >= _LONG
        case Fault.WRONG_LANGUAGE:
            return single and last.kind in ("caption", "caption at length")
        case Fault.MOJIBAKE:
            return single and row.language is Language.CHINESE and not answer.isascii() and not has_boxes(last)
        case Fault.CUT_START:
            return single and row.language is Language.ENGLISH and last.form is Form.FREE
        case Fault.ANSWER_NOT_IN_CHOICES | Fault.REPEATED_CHOICES:
            return single and last.form is Form.LETTER
        case Fault.EMPTY_QUESTION:
            return single and source.shape is not Shape.CAPTION
        case Fault.UNCLOSED_REASONING:
            return single and source.is_chat
        case Fault.BOX_INVERTED:  # turned into the stored frame it would be a sound box again
            return is_box and source.convention is not None and source.convention.frame is not Frame.STORED
        case Fault.BOX_OUTSIDE | Fault.BOX_EMPTY:
            return is_box
    return single and not has_boxes(last)
