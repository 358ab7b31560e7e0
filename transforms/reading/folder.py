"""A folder of images, with captions from one file for all or from a .txt beside each."""

from __future__ import annotations

import os.path
from collections.abc import Iterator

from transforms.errors import InputReadError
from transforms.names import encode_name
from transforms.reading.captions import captions_path, read_captions
from transforms.reading.listing import FIRST_FOLDER_SHARD, InputShard
from transforms.reading.raw_sample import RawSample, checked_sample, dotless, is_unsafe, unsafe_name
from transforms.reading.retried_file import read_input
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

# The least of what file systems and object stores allow: NAME_MAX of ext4 and others, and S3's longest key
_MOST_PART_BYTES, _MOST_NAME_BYTES = 255, 1024


def read_folder(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every file of the shard as one sample or one reject; ``member_offset`` is its position in ``shard.files``.

    The key is the file's name relative to the folder without its ending, other dots as underscores. Where an earlier
    file of the shard has that key (``a.jpg`` and ``a.png``), the ending stays in it (``a``, ``a_png``). Rows of the
    caption file that cannot be used are rejects of the first shard.
    """
    captions = None if source.captions is None else read_captions(captions_path(source.captions, shard.path))
    if captions is not None and shard.name == FIRST_FOLDER_SHARD:
        yield from captions.rejects
    seen: set[str] = set()
    for position, name in enumerate(shard.files):
        source_key = os.path.splitext(name)[0]
        if dotless(source_key) in seen:
            source_key = name
        key = dotless(source_key)
        if is_unsafe(name):
            yield unsafe_name(key, name)
            continue
        if fault := _fault(name):
            yield Reject(key, Reason.UNUSABLE_NAME, f"{name[:200]!r} {fault}")
            continue
        if key in seen:
            yield Reject(key, Reason.DUPLICATE_KEY, f"{name} has the key of an earlier file of this folder")
            continue
        seen.add(key)
        image = _bytes(shard.file(name))
        if image is None:
            yield Reject(key, Reason.MISSING_IMAGE, f"{name} is listed, but is no file in {shard.path}")
            continue
        beside = f"{os.path.splitext(name)[0]}.txt"
        caption = captions.by_name.get(name) if captions is not None else _bytes(shard.file(beside))
        yield checked_sample(key, image, caption, position, source.caption == "required", source_key=source_key)


def _fault(name: str) -> str | None:
    """Why no file can have this name, or none that is reached through Arrow."""
    name_bytes = encode_name(name)
    if name_bytes.rpartition(b"/")[2] in (b"", b"."):
        return "names a folder"
    if b"\0" in name_bytes:
        return "has a NUL"
    if len(name_bytes) > _MOST_NAME_BYTES or max(map(len, name_bytes.split(b"/"))) > _MOST_PART_BYTES:
        return "is too long"
    try:
        name_bytes.decode("utf-8")
    except UnicodeDecodeError:
        return "is not UTF-8"
    return None


def _bytes(path: StoragePath) -> bytes | None:
    """None where there is no file: nothing, or a folder."""
    try:
        return read_input(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except InputReadError:
        if path.is_dir():
            return None
        raise
