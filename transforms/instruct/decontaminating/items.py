"""The questions of a benchmark, and the images that they show, out of its files."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from transforms.conversations.document import Text
from transforms.conversations.shapes import UnusableError
from transforms.errors import InputError
from transforms.instruct.adapters.registry import ADAPTERS, detect
from transforms.instruct.decontaminating.settings import Benchmark
from transforms.instruct.media import MediaFiles, referenced
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.reading.records import read_part
from transforms.instruct.rows import Medium
from transforms.instruct.settings import AUTO
from transforms.packing.documents.media import read_regular
from transforms.rejects import Reject
from transforms.storage import StoragePath

_LEAST_BASE64 = 256  # characters: no name of a file has as many
_IMAGE_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF")
_COCO = re.compile(r"^coco_(?:train|val|test)\d{4}_", re.IGNORECASE)  # COCO 2014 has it before the number, 2017 not


class Shown(NamedTuple):
    """An image of a question; ``data`` is None where no file of its ``name`` was found."""

    name: str
    data: bytes | None


class Item(NamedTuple):
    """One question. ``id`` is its own in the benchmark as far as the benchmark sees to that."""

    id: str
    question: str
    images: tuple[Shown, ...]


def name_key(name: str) -> str:
    """What two names of one image have in common: no folder, no ending, and COCO's number alone."""
    stem = name.rpartition("/")[2].rpartition(".")[0] or name.rpartition("/")[2]
    return _COCO.sub("", stem).lower()


def read_items(benchmark: Benchmark, part: InstructPart) -> Iterator[Item | Reject]:
    """In the order of the file. Raises InputError where no record has the fields that the settings name."""
    files = MediaFiles(benchmark.source, part.path)
    found, first = 0, None
    for record in read_part(part):
        if isinstance(record, Reject):
            yield record
            continue
        questions = list(_questions(benchmark, *record))
        found += len(questions)
        first = first or record[1]
        for id_, question, references in questions:
            yield Item(id_, question, tuple(_shown(reference, files) for reference in references))
    if not found and first is not None:
        fields = ", ".join(sorted(map(str, first)))[:200]
        raise InputError(
            f"benchmark {benchmark.name}: no record of {part.path} has a question in {benchmark.question}; its fields: "
            f"{fields}. Set question, image and id, or an adapter."
        )


def _questions(benchmark: Benchmark, key: str, record: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Id, text and references to images of each question of a record."""
    id_ = str(record.get(benchmark.id, key))
    if benchmark.adapter is not None:
        yield from _by_adapter(benchmark.adapter, id_, record)
        return
    references = [one for name in _listed(benchmark.image) for one in _flat(record.get(name))]
    references = references or _flat(record.get("images"))  # as the members of a tar's sample are found
    asked = [(name, record.get(name)) for name in _listed(benchmark.question)]
    for name, question in asked:
        if isinstance(question, str) and question.strip():
            yield (id_ if len(asked) == 1 else f"{id_}#{name}"), question, references


def _by_adapter(name: str, id_: str, record: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    try:
        adapter = detect(record) if name == AUTO else ADAPTERS[name]
        said = adapter.read(record, place_media=True).conversation
    except UnusableError:
        return
    texts = [
        "".join(part.text for part in message.content if isinstance(part, Text))
        for message in said.messages
        if message.role == "user"
    ]
    for number, text in enumerate(texts):
        if text.strip():
            yield (id_ if len(texts) == 1 else f"{id_}#{number}"), text, list(said.images)


def _listed(names: str | Sequence[str]) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def _flat(value: Any) -> list[Any]:
    if value is None:
        return []
    return [one for one in value if one is not None] if isinstance(value, list) else [value]


def _shown(reference: Any, files: MediaFiles) -> Shown:
    if isinstance(reference, str) and (data := _from_base64(reference)):
        return Shown("", data)
    medium = referenced("image", reference)
    name = medium.uri or medium.member or ""
    if medium.data is not None:
        return Shown(name, medium.data)
    path = files.place(medium.uri)
    read = read_regular(path) if isinstance(path, StoragePath) else None
    return Shown(name, read if isinstance(read, bytes) else None)


def _from_base64(text: str) -> bytes | None:
    """Images that stand in a text, without ``data:`` before them; None for a name."""
    if len(text) < _LEAST_BASE64:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if data.startswith(_IMAGE_BEGINNINGS) else None


def bytes_of(medium: Medium) -> bytes:
    """The original bytes of a row's image; raises InputError where they are not there any more."""
    if medium.data is not None:
        return medium.data
    path = StoragePath.of(str(medium.uri))
    try:
        if medium.offset is None:
            return path.read_bytes()
        with path.open_random() as file:
            return bytes(file.read_at(medium.size_bytes, medium.offset))
    except OSError as error:
        raise InputError(f"{path} cannot be read any more: {error}. Restore it and run again.") from error
