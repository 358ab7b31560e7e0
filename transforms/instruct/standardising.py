"""Records of any shape → rows of one schema, or rejects that say why.

A record is read (:func:`read_record`), its media are found and measured, and its boxes are brought to upright pixels.
Nothing of it is lost: texts stand as they were found, and the record itself beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from transforms.annotating.language import detect_languages
from transforms.conversations.document import Image, Message, Text
from transforms.conversations.shapes import UnusableError
from transforms.datasets import UNDETERMINED
from transforms.errors import InputError
from transforms.instruct.adapters.base import KEY_FIELDS, LANGUAGE_FIELDS, LICENCE_FIELDS
from transforms.instruct.adapters.registry import ADAPTERS, detect
from transforms.instruct.answers.reading import part_reasoning, read_answers
from transforms.instruct.grounding.conventions import Convention, Pictures, to_upright
from transforms.instruct.grounding.notations import find_boxes, stated_boxes
from transforms.instruct.media import Measured, MediaFiles, referenced
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.reading.records import read_part
from transforms.instruct.rows import Region, Row
from transforms.instruct.settings import AUTO, InstructSource
from transforms.instruct.source_text import source_text
from transforms.rejects import Reason, Reject
from transforms.scripts import count_letters

_LEAST_LETTERS = 8  # of questions that tell their language, a Chinese one counting as three: not of "OK?"
_ENOUGH_LATIN = re.compile(rf"(?:[^A-Za-z]*[A-Za-z]){{{_LEAST_LETTERS}}}")
_SURE = 0.6  # of the letters: an English question about Chinese signs is still an English one


class WrittenBox(NamedTuple):
    """Four numbers as the source wrote them; ``notation`` is the field for a box beside the turns."""

    numbers: tuple[float, float, float, float]
    notation: str
    region: Region  # where it stands, its place not known yet


class ReadRecord(NamedTuple):
    """A row whose media are named and not measured, its boxes apart; ``unexpected`` names fields that nothing reads."""

    row: Row
    boxes: tuple[WrittenBox, ...]
    adapter: str
    unexpected: tuple[str, ...]


def standardise(part: InstructPart, source: InstructSource) -> Iterator[Row | Reject]:
    """The rows of a part in order. Raises InputError for a box where the source does not say how boxes are written."""
    files = MediaFiles(source, part.path)
    for item in read_part(part):
        if isinstance(item, Reject):
            yield replace_key(item, part)
            continue
        read = read_record(item[0], item[1], part, source)
        if isinstance(read, Reject):
            yield read
            continue
        _require_coordinates(read, source)
        measured = measure_all(read.row, files)
        yield measured if isinstance(measured, Reject) else grounded(read, measured, source)


def row_key(part: InstructPart, key: str) -> str:
    """Of its own among all rows of all sources."""
    return f"{part.source}/{part.name}/{key}"


def replace_key(reject: Reject, part: InstructPart) -> Reject:
    """The same under the key that its row would have had."""
    return reject._replace(key=row_key(part, reject.key))


def read_record(key: str, record: Mapping[str, Any], part: InstructPart, source: InstructSource) -> ReadRecord | Reject:
    """What one record says, by the adapter that the source names, or else by the record's own fields."""
    key = row_key(part, key)
    try:
        adapter = detect(record) if source.adapter == AUTO else ADAPTERS[source.adapter]
        if not adapter.recognises(record):
            fields = ", ".join(sorted(map(str, record)))[:200]
            raise UnusableError(Reason.MALFORMED_RECORD, f"not of the shape {adapter.name}; its fields: {fields}")
        reading = adapter.read(record, source.place_media == "before_first_question")
    except UnusableError as unusable:
        return Reject(key, unusable.reason, unusable.detail)
    said = reading.conversation
    messages = tuple(part_reasoning(message) for message in said.messages)
    media = [referenced("image", one) for one in said.images] + [referenced("video", one) for one in said.videos]
    licence = _stated(record, LICENCE_FIELDS) or source.license
    row = Row(
        key,
        source.name,
        messages,
        source_key=_stated(record, KEY_FIELDS),
        tools=said.tools,
        media=tuple(replace(medium, licence=licence) for medium in media),
        answers=read_answers(messages, reading.answers),
        language=_stated(record, LANGUAGE_FIELDS) or _language(messages, source),
        licence_data=licence,
        model_terms=tuple(source.model_terms),
        source_record=source_text(record),
    )
    return ReadRecord(row, tuple(_boxes(row, record)), adapter.name, tuple(adapter.unexpected_keys(record)))


def _language(messages: Sequence[Message], source: InstructSource) -> str | None:
    """The source's, or that of the questions, or where those say too little of all turns; None where these do too."""
    if source.language != AUTO:
        return source.language
    asked = _said(messages, ("user",))
    said = asked if _says_enough(asked) else _said(messages, ("user", "assistant"))
    (found,) = detect_languages([said], source.languages, _SURE)
    return None if found == UNDETERMINED else found


def _says_enough(asked: str) -> bool:
    if _ENOUGH_LATIN.match(asked):
        return True
    return not asked.isascii() and int(count_letters([asked]).sum()) >= _LEAST_LETTERS


def _said(messages: Sequence[Message], roles: Sequence[str]) -> str:
    turns = (message for message in messages if message.role in roles)
    return " ".join(part.text for turn in turns for part in turn.content if isinstance(part, Text))


def measure_all(row: Row, files: MediaFiles) -> tuple[Measured, ...] | Reject:
    """Each medium of the row, or the reject of the first that is not to be had."""
    found = []
    for medium in row.media:
        measured = files.measure(row.key, medium)
        if isinstance(measured, Reject):
            return measured
        found.append(measured)
    return tuple(found)


def _require_coordinates(read: ReadRecord, source: InstructSource) -> None:
    """Before its media are looked for: that they are missing would hide that the source says too little."""
    if read.boxes and source.coordinates is None:
        box = read.boxes[0]
        raise InputError(
            f"source {source.name}: {read.row.key} holds boxes, such as {list(box.numbers)} ({box.notation}), and the "
            "source does not say how they are written. Look at it with evenweave instruct inspect, which tells what "
            "speaks for each convention, and set coordinates."
        )


def grounded(read: ReadRecord, measured: Sequence[Measured], source: InstructSource) -> Row:
    """The row with its media as measured, and its boxes in upright pixels where the source declares them."""
    row = replace(read.row, media=tuple(one.medium for one in measured)) if measured else read.row
    if not read.boxes or source.coordinates is None:
        return row
    return replace(row, regions=_regions(read.boxes, measured, source.coordinates.convention))


def _regions(boxes: Sequence[WrittenBox], measured: Sequence[Measured], convention: Convention) -> tuple[Region, ...]:
    shown = [measured[box.region.media] for box in boxes]
    sizes = [(one.medium.width or 0, one.medium.height or 0) for one in shown]
    pictures = Pictures.of(sizes, [one.orientation for one in shown])
    corners = to_upright([box.numbers for box in boxes], convention, pictures)
    return tuple(replace(box.region, xy=tuple(map(float, xy))) for box, xy in zip(boxes, corners.round(3), strict=True))


def _boxes(row: Row, record: Mapping[str, Any]) -> Iterator[WrittenBox]:
    """Those beside the turns are of the first image; those in a text of the last image that was shown before it."""
    places = row.places_of("image")
    if not places:
        return
    for box in stated_boxes(record):
        yield WrittenBox(box.numbers, box.field, Region(places[0], "box", (), _writable(box.label)))
    shown = places[0]
    for message, turn in enumerate(row.messages):
        for at, part in enumerate(turn.content):
            if isinstance(part, Image):
                shown = places[part.index]
            elif isinstance(part, Text):
                for found in find_boxes(part.text):
                    region = Region(shown, "box", (), _writable(found.label), message, at, found.start, found.end)
                    yield WrittenBox(found.numbers, found.notation, region)


def _stated(record: Mapping[str, Any], fields: Sequence[str]) -> str | None:
    """The first of ``fields`` that says something, as text."""
    value = next((record[field] for field in fields if isinstance(record.get(field), (str, int))), None)
    return None if value in (None, "") else _writable(str(value))


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
