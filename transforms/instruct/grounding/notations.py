"""Boxes as they stand in texts and in fields of records: four numbers each, and whose notation it is.

Numbers are as the source writes them; what they mean is said by a :mod:`convention
<transforms.instruct.grounding.conventions>`, never guessed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_NUMBER = r"\s*(-?\d{1,6}(?:\.\d{1,20})?)\s*"
_LIST = rf"\[{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\]"
_PAIRS = rf"\({_NUMBER},{_NUMBER}\)\s*(?:,\s*)?\({_NUMBER},{_NUMBER}\)"
_FOUR = re.compile(f"{_LIST}|{_PAIRS}")

#: What stands right before the numbers → the notation.
#: box_start: Qwen2-VL's special tokens (tokenizer_config.json of Qwen/Qwen2-VL-7B-Instruct), with its object_ref.
#: bbox_2d: the JSON of Qwen2.5-VL and Qwen3-VL (cookbooks of https://github.com/QwenLM/Qwen3-VL).
_BEFORE = (
    ("box_start", re.compile(r"<\|box_start\|>\s*$")),
    ("bbox_2d", re.compile(r"[\"']bbox_2d[\"']\s*:\s*\[?\s*$")),
)
#: box: Qwen-VL's ``<ref>…</ref><box>(x,y),(x,y)</box>`` (arXiv:2308.12966), and InternVL's, of lists within one tag
#: (its documentation of chat data formats, grounding).
_TAG, _END_TAG = "<box>", "</box>"
_REFERENCE = re.compile(
    r"<(ref|\|object_ref_start\|)>([^<]{1,200})<(/ref|\|object_ref_end\|)>\s*(?:<[^<>]*>)?\s*[\[\s]*$"
)
_LABEL_AFTER = re.compile(r"\s*\]?\s*,\s*[\"'](?:label|text_content|text)[\"']\s*:\s*(\"(?:[^\"\\]|\\.){0,200}\")")
_LABEL_BEFORE = re.compile(r"[\"']label[\"']\s*:\s*(\"(?:[^\"\\]|\\.){0,200}\")\s*,\s*[\"']bbox_2d[\"']\s*:\s*\[?\s*$")
_LOOK_BACK = 300  # characters: a reference and its tags


class FoundBox(NamedTuple):
    """``start`` and ``end``: the characters of its text that are the four numbers and their brackets."""

    numbers: tuple[float, float, float, float]
    notation: str
    label: str
    start: int
    end: int


class StatedBox(NamedTuple):
    """A box in a field of a record, beside the turns."""

    numbers: tuple[float, float, float, float]
    field: str
    label: str


def find_boxes(text: str) -> list[FoundBox]:
    """The boxes of one text, in order. A bare ``[a, b, c, d]`` is one (as LLaVA-1.5 writes them, arXiv:2310.03744); two
    pairs in parentheses are one only where tokens or tags say so."""
    found = []
    for match in _FOUR.finditer(text):
        before = text[max(match.start() - _LOOK_BACK, 0) : match.start()]
        notation = _notation(text, match.start(), before)
        is_list = match[0].startswith("[")
        if notation is None and not is_list:
            continue
        first, second, third, fourth = (float(number) for number in match.groups() if number is not None)
        label = _label(before, text[match.end() : match.end() + _LOOK_BACK])
        box = FoundBox((first, second, third, fourth), notation or "list", label, match.start(), match.end())
        found.append(box)
    return found


def _notation(text: str, start: int, before: str) -> str | None:
    for name, pattern in _BEFORE:
        if pattern.search(before):
            return name
    return "box" if text.rfind(_TAG, 0, start) > text.rfind(_END_TAG, 0, start) else None


def _label(before: str, after: str) -> str:
    if reference := _REFERENCE.search(before):
        return reference[2].strip()
    quoted = _LABEL_AFTER.match(after) or _LABEL_BEFORE.search(before)
    try:
        return str(json.loads(quoted[1])) if quoted else ""
    except ValueError:
        return ""


def stated_boxes(record: Mapping[str, Any]) -> list[StatedBox]:
    """Boxes in fields; a field of another form holds none.

    ``instances`` stand in LLaVA's GPT-4 data, ``objects`` (a list, or a mapping of lists) in Hugging Face's guide to
    object detection; ``bboxes`` and ``bbox`` are the plain names.
    """
    found: list[StatedBox] = []
    for name in ("instances", "objects"):
        for item in _items(record.get(name)):
            label = next((item[key] for key in ("category", "label", "name") if item.get(key) is not None), "")
            found += _stated(item.get("bbox"), name, str(label))
    for box in _rows(record.get("bboxes")):
        found += _stated(box, "bboxes", "")
    return found + _stated(record.get("bbox"), "bbox", "")


#: Fields that :func:`stated_boxes` reads.
BOX_FIELDS = frozenset(("instances", "objects", "bboxes", "bbox"))


def _items(value: Any) -> Iterator[Mapping[str, Any]]:
    """A list of mappings, or a mapping of lists of one length, one after another."""
    if isinstance(value, Mapping):
        lists = {
            key: list(rows) for key, rows in value.items() if isinstance(rows, Sequence) and not isinstance(rows, str)
        }
        for at in range(len(lists.get("bbox", ()))):
            yield {key: rows[at] for key, rows in lists.items() if at < len(rows)}
    yield from (item for item in _rows(value) if isinstance(item, Mapping))


def _rows(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _stated(numbers: Any, field: str, label: str) -> list[StatedBox]:
    four = _rows(numbers)
    if len(four) != 4 or not all(_is_coordinate(one) for one in four):
        return []
    first, second, third, fourth = map(float, four)
    return [StatedBox((first, second, third, fourth), field, label)]


def _is_coordinate(value: Any) -> bool:
    """A number below a million on either side of 0, as one of six digits in a text; NaN is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e6
