"""The format of input that somebody points at, told from its files."""

from __future__ import annotations

from transforms.errors import InputError
from transforms.reading.formats import FORMATS
from transforms.reading.settings import SourceSettings
from transforms.storage import expand


def detect_source(path: str) -> SourceSettings:
    """Settings for a file, folder or pattern: the format of its files, captions taken where there are any.

    Where files of several formats lie together, the first that :data:`transforms.reading.formats.FORMATS` names is what
    is meant: one tar holds thousands of images. Raises InputError when no file is of a format that can be read.
    """
    files = expand(path)
    for name, kind in FORMATS.items():
        first = next((file for file in files if file.name.lower().endswith(kind.endings)), None)
        if first is not None and (told := kind.guess(first)) is not None:
            return SourceSettings.model_validate(
                {"name": "input", "format": name, "path": path, "caption": "optional", **told}
            )
    known = ", ".join(dict.fromkeys(ending for kind in FORMATS.values() for ending in kind.endings))
    raise InputError(f"nothing to read at {path}: found no file ending in {known}")
