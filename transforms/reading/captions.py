"""Captions of an image folder, from one CSV, TSV or JSON Lines file."""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Iterator, Mapping

from transforms.errors import InputError
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath

_FILE_COLUMNS = ("file", "file_name", "image")
_CAPTION_COLUMNS = ("caption", "text")


def captioned_files(source: SourceSettings, folder: StoragePath) -> set[str]:
    """Names of the files, relative to the folder, that the caption file of the source lists."""
    return set() if source.captions is None else set(read_captions(captions_path(source.captions, folder)))


def captions_path(captions: str, folder: StoragePath) -> StoragePath:
    return StoragePath.of(captions) if "://" in captions or captions.startswith(("/", "~")) else folder / captions


@functools.lru_cache(maxsize=2)  # every virtual shard of a folder asks for the same file
def read_captions(path: StoragePath) -> Mapping[str, str]:
    """File name → caption; of several captions of one file the first counts.

    Bytes that are not UTF-8 become lone surrogates, so that only the samples they belong to are rejected. Raises
    InputError for a file that cannot be read or has no column of names or captions.
    """
    if not path.is_file():
        raise InputError(f"no caption file at {path}. Mend `captions`, or remove it to read a .txt beside each image.")
    lines = io.StringIO(path.read_bytes().decode("utf-8-sig", "surrogateescape"), newline="")
    rows = _json_rows(path, lines) if path.name.lower().endswith((".jsonl", ".ndjson")) else _csv_rows(path, lines)
    captions: dict[str, str] = {}
    for name, caption in rows:
        captions.setdefault(name.removeprefix("./"), caption)
    return captions


def _csv_rows(path: StoragePath, lines: io.StringIO) -> Iterator[tuple[str, str]]:
    reader = csv.DictReader(lines, delimiter="\t" if path.name.lower().endswith(".tsv") else ",")
    columns = list(reader.fieldnames or [])
    file_column = _column(path, "header", columns, _FILE_COLUMNS)
    caption_column = _column(path, "header", columns, _CAPTION_COLUMNS)
    for row in reader:
        yield row[file_column] or "", row[caption_column] or ""


def _json_rows(path: StoragePath, lines: io.StringIO) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {number} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number} must be a JSON object, found {type(row).__name__}")
        where = f"line {number}"
        name = row[_column(path, where, list(row), _FILE_COLUMNS)]
        caption = row[_column(path, where, list(row), _CAPTION_COLUMNS)]
        yield str(name), "" if caption is None else str(caption)


def _column(path: StoragePath, where: str, there: list[str], wanted: tuple[str, ...]) -> str:
    for name in wanted:
        if name in there:
            return name
    raise InputError(f"{path}, {where}: needs one of the columns {', '.join(wanted)}; has {', '.join(there) or 'none'}")
