"""The format of input that somebody points at, told from its files."""

from __future__ import annotations

from collections import Counter
from typing import cast

from transforms.errors import InputError
from transforms.reading.listing import ENDINGS
from transforms.reading.settings import Format, SourceSettings
from transforms.storage import expand


def detect_source(path: str) -> SourceSettings:
    """Settings for a file, folder or pattern: the format of most of its files, captions taken where there are any.

    Raises InputError when no file is of a format that can be read.
    """
    found: Counter[str] = Counter()
    for file in expand(path):
        for name, endings in ENDINGS.items():
            if file.name.lower().endswith(endings):
                found[name] += 1
    # one tar holds thousands of images: shards beside loose pictures are what is meant
    for name in ("webdataset", "parquet", "folder"):
        if found[name]:
            return SourceSettings(name="input", format=cast(Format, name), path=path, caption="optional")
    known = ", ".join(ending for endings in ENDINGS.values() for ending in endings)
    raise InputError(f"nothing to read at {path}: found no file ending in {known}")
