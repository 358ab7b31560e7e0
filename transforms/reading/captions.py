"""Captions of an image folder, from one CSV, TSV or JSON Lines file."""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from transforms.errors import InputError
from transforms.names import decode_name
from transforms.reading.retried_file import read_input
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

#: How files of captions end, lower case.
CAPTION_FILES = (".csv", ".tsv", ".jsonl", ".ndjson")

_FILE_COLUMNS = ("file", "file_name", "image")
_CAPTION_COLUMNS = ("caption", "text")
_MOST_CHARACTERS = 16 << 20  # of a field: as many as a caption in a tar may have bytes


class Captions(NamedTuple):
    """What a caption file says, and what of it cannot be used: a reject for each such row, by its line."""

    by_name: Mapping[str, str]
    rejects: tuple[Reject, ...]


class _BadRowError(Exception):
    """One row that names no file or no caption."""


def captioned_files(source: SourceSettings, folder: StoragePath) -> set[str]:
    """Names of the files, relative to the folder, that the caption file of the source lists."""
    return set() if source.captions is None else set(read_captions(captions_path(source.captions, folder)).by_name)


def captions_path(captions: str, folder: StoragePath) -> StoragePath:
    return StoragePath.of(captions) if "://" in captions or captions.startswith(("/", "~")) else folder / captions


@functools.lru_cache(maxsize=2)  # every virtual shard of a folder asks for the same file
def read_captions(path: StoragePath) -> Captions:
    """File name, as :mod:`transforms.names` writes it → caption; of several captions of one file the first counts.

    Bytes of a caption that are not UTF-8 become lone surrogates, so that only the samples they belong to are rejected.
    Raises InputError for a file that cannot be read, has no column of names or captions, or no row that can be used.
    """
    if not path.is_file():
        what = "it is a folder" if path.is_dir() else "it is absent"
        raise InputError(
            f"no caption file at {path}: {what}. Mend `captions`, or remove it to read a .txt beside each image."
        )
    lines = io.StringIO(read_input(path).decode("utf-8-sig", "surrogateescape"), newline="")
    rows = _json_rows(path, lines) if path.name.lower().endswith((".jsonl", ".ndjson")) else _csv_rows(path, lines)
    captions: dict[str, str] = {}
    rejects: list[Reject] = []
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
        else:
            captions.setdefault(*row)
    if rejects and not captions:
        raise InputError(f"{path}, {rejects[0].detail}; nor can any other row be used")
    return Captions(captions, tuple(rejects))


def _csv_rows(path: StoragePath, lines: io.StringIO) -> Iterator[tuple[str, str] | Reject]:
    csv.field_size_limit(_MOST_CHARACTERS)
    reader = csv.DictReader(lines, delimiter="\t" if path.name.lower().endswith(".tsv") else ",")
    try:
        columns = list(reader.fieldnames or [])
    except csv.Error as error:
        raise InputError(f"{path}, header: {error}") from error
    try:
        file_column, caption_column = _column(columns, _FILE_COLUMNS), _column(columns, _CAPTION_COLUMNS)
    except _BadRowError as error:
        raise InputError(f"{path}, header: {error}") from error
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
            yield _file_name(row[file_column]), row[caption_column] or ""
        except StopIteration:
            return
        except (csv.Error, _BadRowError) as error:
            yield _reject(path, line, error)


def _json_rows(path: StoragePath, lines: io.StringIO) -> Iterator[tuple[str, str] | Reject]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _json_row(line)
        except _BadRowError as error:
            yield _reject(path, number, error)


def _json_row(line: str) -> tuple[str, str]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _BadRowError(f"is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise _BadRowError(f"must be a JSON object, found {type(row).__name__}")
    name, caption = row[_column(list(row), _FILE_COLUMNS)], row[_column(list(row), _CAPTION_COLUMNS)]
    if isinstance(caption, dict | list) or len(str(caption)) > _MOST_CHARACTERS:
        raise _BadRowError("has no text of bearable length for a caption")
    return _file_name(name), "" if caption is None else str(caption)


def _file_name(name: Any) -> str:
    if not isinstance(name, str | int) or not (text := str(name).removeprefix("./")):
        raise _BadRowError(f"names no file: {name!r:.80}")
    try:
        return decode_name(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError as error:
        raise _BadRowError(f"has a lone surrogate in its name: {text!a:.80}") from error


def _reject(path: StoragePath, line: int, error: Exception) -> Reject:
    return Reject(f"{path.name}:{line}", Reason.MALFORMED_RECORD, f"line {line} {error}")


def _column(there: list[str], wanted: tuple[str, ...]) -> str:
    for name in wanted:
        if name in there:
            return name
    raise _BadRowError(f"needs one of the columns {', '.join(wanted)}; has {', '.join(there)[:200] or 'none'}")
