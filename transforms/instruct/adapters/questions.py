"""Shapes that hold one question, or one picture and what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from transforms.conversations.adapters import conversation_of
from transforms.conversations.shapes import Turns, UnusableError
from transforms.conversations.turns import check_writable
from transforms.instruct.adapters.base import Adapter, Reading, StatedAnswer, is_list
from transforms.rejects import Reason

_QUESTIONS = ("question", "query")
_ANSWERS = ("answer", "answers", "label", "multiple_choice_answer")
_CHOICES = ("choices", "options")
_CAPTIONS = ("caption", "captions", "text", "txt")
_MOST_CHOICES = 26  # one letter each


class QuestionAnswer(Adapter):
    name = "vqa"
    description = (
        "question with answer, or several accepted answers, or choices and which is right: VQA, ScienceQA, MMMU"
    )
    fields = frozenset((*_QUESTIONS, *_ANSWERS, *_CHOICES))
    example = MappingProxyType({"question": "What?", "choices": ["A cat", "A dog"], "answer": 0, "image": "cat.jpg"})

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return _first(record, _QUESTIONS) is not None and _first(record, _ANSWERS) is not None

    def read(self, record: Mapping[str, Any], place_media: bool) -> Reading:
        question, stated = _first(record, _QUESTIONS), _first(record, _ANSWERS)
        if not isinstance(question, str):
            raise UnusableError(Reason.MALFORMED_RECORD, f"the question is {type(question).__name__}, not text")
        if choices := _choices(_first(record, _CHOICES)):
            answer, correct = _chosen(stated, choices)
            question = "\n".join((question, *(f"{_letter(at)}. {choice}" for at, choice in enumerate(choices))))
        else:
            accepted = _accepted(stated)
            answer = accepted[0]
            choices = accepted if len(accepted) > 1 else ()
            correct = tuple(range(len(choices)))
        conversation = _asked(record, question, answer, place_media)
        return Reading(conversation, (StatedAnswer(1, choices, correct),) if choices else ())


class Captions(Adapter):
    name = "captions"
    description = "an image and its caption, or several captions of which the first is taken: pairs of image and text"
    fields = frozenset(_CAPTIONS)
    example = MappingProxyType({"image": "cat.jpg", "caption": "A cat."})

    def recognises(self, record: Mapping[str, Any]) -> bool:
        shows = any(record.get(field) for field in ("image", "images", "video", "videos"))
        return shows and _first(record, _CAPTIONS) is not None

    def read(self, record: Mapping[str, Any], place_media: bool) -> Reading:  # noqa: ARG002 - nothing else is shown
        captions = _accepted(_first(record, _CAPTIONS))
        conversation = _asked(record, "", captions[0], place_media=True)
        several = StatedAnswer(1, captions, tuple(range(len(captions))))
        return Reading(conversation, (several,) if len(captions) > 1 else ())


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _asked(record: Mapping[str, Any], question: str, answer: str, place_media: bool) -> Any:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return conversation_of(record, Turns(turns, "role", "content"), place_media=place_media)


def _choices(value: Any) -> tuple[str, ...]:
    """In their order; of a mapping of letters, the values."""
    items = list(value.values()) if isinstance(value, Mapping) else list(value) if is_list(value) else []
    if len(items) > _MOST_CHOICES:
        raise UnusableError(Reason.MALFORMED_RECORD, f"{len(items)} choices; letters name {_MOST_CHOICES}")
    return tuple(_text(item) for item in items)


def _chosen(stated: Any, choices: tuple[str, ...]) -> tuple[str, tuple[int, ...]]:
    """The letter of the right choice, which a record names by number, by letter or by its text; an answer that is none
    of them stays as it is, and no choice is right."""
    if isinstance(stated, (int, float)) and not isinstance(stated, bool):
        numbered = tuple(at for at in range(len(choices)) if at == stated)
        return (_letter(numbered[0]) if numbered else _text(stated)), numbered
    answer = _accepted(stated)[0].strip()
    letter = answer.strip("().").upper()  # of two characters for some, as ß
    if len(letter) == 1 and 0 <= (place := ord(letter) - ord("A")) < len(choices):
        return _letter(place), (place,)
    matching = tuple(at for at, choice in enumerate(choices) if choice.strip().casefold() == answer.casefold())
    return (_letter(matching[0]), matching[:1]) if matching else (answer, ())


def _accepted(stated: Any) -> tuple[str, ...]:
    """Distinct answers, the commonest first, then in their order: VQA asks ten people."""
    items = list(stated) if is_list(stated) else [stated]
    texts = [_text(item.get("answer") if isinstance(item, Mapping) else item) for item in items]
    if not texts:
        raise UnusableError(Reason.NO_ANSWER, "the list of answers is empty")
    return tuple(text for text, _ in Counter(texts).most_common())


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UnusableError(Reason.MALFORMED_RECORD, f"an answer is {type(value).__name__}, not text or a number")
    if isinstance(value, str):
        check_writable((), (value,))
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _letter(place: int) -> str:
    return chr(ord("A") + place)
