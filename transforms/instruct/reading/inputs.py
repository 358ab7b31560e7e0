"""The parts that a source is read in: a tar, a Parquet file, a JSON file, a range of a JSON Lines file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from transforms.errors import InputError
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath, expand

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


def list_parts(source: InstructSource, range_bytes: int = 64 << 20) -> list[InstructPart]:
    """The parts of a source in order; raises InputError where there are none, or two of one name."""
    parts = [part for file in expand(source.path) for part in _parts(source.name, file, range_bytes)]
    if not parts:
        raise InputError(
            f"source {source.name}: nothing to read at {source.path}. Looked for files ending in "
            f"{', '.join(_ENDINGS)}. Mend the path."
        )
    if source.media is not None and not StoragePath.of(source.media).is_dir():
        raise InputError(
            f"source {source.name}: there is no folder of media at {source.media}. Mend the setting media."
        )
    seen: dict[str, StoragePath] = {}
    for part in parts:
        if (other := seen.setdefault(part.name, part.path)) != part.path:
            raise InputError(
                f"source {source.name}: {other} and {part.path} would both be called {part.name}. Make them sources of "
                "their own."
            )
    return parts


def _parts(source: str, file: StoragePath, range_bytes: int) -> Iterator[InstructPart]:
    name = file.name.lower()
    found = next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), None)
    if found is None:
        return
    size = file.size_bytes()
    starts = range(0, max(size, 1), range_bytes) if name.endswith(_CUT) else range(1)
    for index, start in enumerate(starts):
        numbered = file.stem if len(starts) == 1 else f"{file.stem}-{index:05d}"
        end = size if len(starts) == 1 else min(start + range_bytes, size)
        yield InstructPart(source, numbered, file, found, size, start, end)
