"""A row's turns in the shape of its source: one function a shape, each a record as JSON has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transforms.miniature.instruct.dialogue import Turn
from transforms.miniature.instruct.faults import Fault
from transforms.miniature.instruct.rows import Row
from transforms.miniature.instruct.sources import Shape
from transforms.miniature.pictures.scenes import generator

_PLACEHOLDER = "<image>"
_SPEAKERS = {"user": "human", "assistant": "gpt"}
_RATERS = 10  # of VQA's open questions
_RATED_SHARE = 0.3


def record_of(shape: Shape, row: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    """``images``: what the record refers to each of its pictures by."""
    record = _MAKERS[shape](row, turns, images)
    if row.fault == Fault.STRAY_KEY:
        record[("__index_level_0__", "uid", "annotator_notes")[row.number % 3]] = {"seen": [row.number, None]}
    elif row.fault == Fault.NO_TURNS:
        del record["messages" if "messages" in record else "conversations"]
    return record


def _spoken(turn: Turn) -> str | None:
    """The text with the reasoning in it."""
    return turn.text if turn.reasoning is None else f"<think>\n{turn.reasoning}\n</think>\n\n{turn.text}"


def _with_placeholders(row: Row, turn: Turn) -> str | None:
    shows = turn.shows
    if shows and row.fault == Fault.MORE_PLACEHOLDERS:
        shows += 1
    elif shows and row.fault == Fault.FEWER_PLACEHOLDERS:
        shows -= 1
    text = _spoken(turn)
    return text if text is None else f"{_PLACEHOLDER}\n" * shows + text


def _messages(row: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    spoken = [{"role": turn.role, "content": _with_placeholders(row, turn)} for turn in turns]
    return {"messages": spoken, "images": images}


def _parts(row: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    messages = []
    for turn in turns:
        shown = [{"type": "image_url", "image_url": {"url": image}} for image in images[: turn.shows]]
        if turn.shows and row.fault == Fault.MORE_PLACEHOLDERS:
            shown.append({"type": "image_url"})
        content = [*shown, {"type": "text", "text": turn.text}]
        message: dict[str, Any] = {"role": turn.role, "content": None if turn.text is None else content}
        if turn.reasoning is not None:
            message["reasoning_content"] = turn.reasoning
        messages.append(message)
    return {"messages": messages}


def _conversations(row: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    spoken = [{"from": _SPEAKERS.get(turn.role, turn.role), "value": _with_placeholders(row, turn)} for turn in turns]
    return {**_shown(images), "conversations": spoken}


def _unplaced(_: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    spoken = [{"from": _SPEAKERS.get(turn.role, turn.role), "value": _spoken(turn)} for turn in turns]
    return {**_shown(images), "conversations": spoken}


def _shown(images: list[Any]) -> dict[str, Any]:
    """As LLaVA has it: a name, or a list where there are several."""
    if not images:
        return {}
    return {"image": images[0] if len(images) == 1 else images}


def _alpaca(_: Row, turns: list[Turn], __: list[Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    if turns[0].role == "system":
        record["system"], turns = turns[0].text, turns[1:]
    spoken = [_spoken(turn) for turn in turns]
    history = [[spoken[i], spoken[i + 1]] for i in range(0, len(spoken) - 2, 2)]
    head, separator, rest = (spoken[-2] or "").partition("\n")
    record |= {"instruction": head if separator else spoken[-2], "input": rest, "output": spoken[-1]}
    return {**record, "history": history} if history else record


def _texts(_: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    pairs = zip(turns[::2], turns[1::2], strict=True)
    texts = [{"user": asked.text, "assistant": _spoken(answer), "source": "kettle"} for asked, answer in pairs]
    return {"images": images, "texts": texts}


def _vqa(row: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    exchange, answer = row.exchanges[0], turns[-1].text
    record: dict[str, Any] = {"image": images[0], "question": turns[0].text}
    if exchange.choices:
        bare = exchange.question.of(row.language)
        record["question"] = bare if row.fault != Fault.EMPTY_QUESTION else turns[0].text
        return {**record, "choices": [choice.of(row.language) for choice in exchange.choices], "answer": answer}
    if row.fault is None and generator(row.number, "instruct raters", 0).random() < _RATED_SHARE:
        others = ["unanswerable"] if row.number % 2 else []
        return {**record, "answers": [answer] * (_RATERS - len(others)) + others}
    return {**record, "answer": answer}


def _caption(_: Row, turns: list[Turn], images: list[Any]) -> dict[str, Any]:
    return {"image": images[0], "caption": turns[-1].text}


_MAKERS: dict[Shape, Callable[[Row, list[Turn], list[Any]], dict[str, Any]]] = {
    Shape.MESSAGES: _messages,
    Shape.PARTS: _parts,
    Shape.CONVERSATIONS: _conversations,
    Shape.CONVERSATIONS_UNPLACED: _unplaced,
    Shape.ALPACA: _alpaca,
    Shape.TEXTS: _texts,
    Shape.VQA: _vqa,
    Shape.CAPTION: _caption,
}
