"""The parts that a source is read in: a tar, a Parquet file, a JSON file, a range of a JSON Lines file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from transforms.conversations.record_parts import check_media_folder, check_names, line_ranges
from transforms.errors import InputError
from transforms.instruct.settings import InstructSource
from transforms.reading.versions import file_version
from transforms.storage import StoragePath, StoredFile, find_files

RecordFormat = Literal["json", "parquet", "tar"]
_ENDINGS: dict[str, RecordFormat] = {
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".parquet": "parquet", ".tar": "tar",
}  # fmt: skip
_CUT = (".jsonl", ".ndjson")  # where a record begins can be found from anywhere in the file


@dataclass(frozen=True)
class InstructPart:
    """A file, or the lines of a JSON Lines file that begin in [first_byte, end_byte)."""

    source: str
    name: str  # unique in the source
    path: StoragePath
    format: RecordFormat
    size_bytes: int
    first_byte: int
    end_byte: int
    version: str = ""  # as transforms.reading.versions has it


def list_parts(source: InstructSource, range_bytes: int = 64 << 20) -> list[InstructPart]:
    """The parts of a source in order; raises InputError where there are none, or two of one name."""
    parts = [part for file in find_files(source.path) for part in _parts(source.name, file, range_bytes)]
    if not parts:
        raise InputError(
            f"source {source.name}: nothing to read at {source.path}. Looked for files ending in "
            f"{', '.join(_ENDINGS)}. Mend the path."
        )
    check_media_folder(source.name, source.media)
    check_names(source.name, parts)
    return parts


def _parts(source: str, file: StoredFile, range_bytes: int) -> Iterator[InstructPart]:
    path, size = file.path, file.size_bytes
    name = path.name.lower()
    found = next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), None)
    if found is None:
        return
    ranges = line_ranges(path.stem, size, range_bytes) if name.endswith(_CUT) else [(path.stem, 0, size)]
    for numbered, first, end in ranges:
        yield InstructPart(source, numbered, path, found, size, first, end, file_version(file))
