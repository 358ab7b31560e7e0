"""The format of input that somebody points at, told from its files."""

from __future__ import annotations

from transforms.errors import InputError
from transforms.reading.captions import CAPTION_FILES
from transforms.reading.formats import FORMATS
from transforms.reading.formats.format import Found
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath, expand


def detect_source(path: str) -> SourceSettings:
    """Settings for a file, folder or pattern: the format of its files, captions taken where there are any.

    Where files of several formats lie together, the first that :data:`transforms.reading.formats.FORMATS` names is what
    is meant: one tar holds thousands of images. Raises InputError when no file is of a format that can be read.
    """
    files = expand(path)
    location = StoragePath.of(path)
    if not files and not location.exists():
        raise InputError(f"there is nothing at {path}. Mend the path.")
    for name, kind in FORMATS.items():
        first = next((file for file in files if file.name.lower().endswith(kind.endings)), None)
        if first is not None and (told := kind.guess(Found(location, files, first))) is not None:
            return SourceSettings.model_validate(
                {"name": "input", "format": name, "path": path, "caption": "optional", **told}
            )
    raise InputError(_nothing_to_read(path, files))


def _nothing_to_read(path: str, files: list[StoragePath]) -> str:
    known = ", ".join(dict.fromkeys(ending for kind in FORMATS.values() for ending in kind.endings))
    if not files:
        return f"nothing to read at {path}: there is no file. A folder or a pattern of files ending in {known} is read"
    said = f"nothing to read at {path}: of {len(files)} file(s), as {files[0].name}, none ends in {known}."
    if any(file.name.lower().endswith((*CAPTION_FILES, ".json")) for file in files):
        said += (
            " A file of captions is named by `captions` of a source whose path is the folder of the images. A list of "
            "URLs is downloaded first, by img2dataset (docs/sources.md). Sets of conversations are for evenweave "
            "instruct."
        )
    return said
