"""The format of input that somebody points at, told from its files."""

from __future__ import annotations

from typing import cast

from transforms.errors import InputError
from transforms.reading.listing import ENDINGS
from transforms.reading.parquet import guess_columns
from transforms.reading.settings import Format, SourceSettings
from transforms.storage import StoragePath, expand


def detect_source(path: str) -> SourceSettings:
    """Settings for a file, folder or pattern: the format of its files, captions taken where there are any.

    The columns of Parquet are told from its first file. Raises InputError when no file is of a format that can be read.
    """
    found: dict[str, StoragePath] = {}
    for file in expand(path):
        for name, endings in ENDINGS.items():
            if file.name.lower().endswith(endings):
                found.setdefault(name, file)
    # one tar holds thousands of images: shards beside loose pictures are what is meant
    for name in ("webdataset", "parquet", "folder"):
        if name in found:
            columns = guess_columns(found[name]) if name == "parquet" else {}
            return SourceSettings(name="input", format=cast(Format, name), path=path, caption="optional", **columns)
    known = ", ".join(ending for endings in ENDINGS.values() for ending in endings)
    raise InputError(f"nothing to read at {path}: found no file ending in {known}")
