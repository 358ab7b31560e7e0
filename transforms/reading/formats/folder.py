"""A folder of images, with captions from one file for all or from a .txt beside each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from transforms.errors import InputError, InputReadError
from transforms.names import decode_name, encode_name
from transforms.reading.captions import CAPTION_FILES, captioned_files, captions_path, read_captions
from transforms.reading.files import common_folder
from transforms.reading.formats.format import Format, Found, fill
from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample, dotless, is_unsafe, unsafe_name
from transforms.reading.retried_file import read_input
from transforms.reading.settings import SourceSettings
from transforms.reading.versions import folder_version
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath, StoredFile

# The least of what file systems and object stores allow: NAME_MAX of ext4 and others, and S3's longest key
_MOST_PART_BYTES, _MOST_NAME_BYTES = 255, 1024
_FIRST_SHARD = "000000"


def _cut(source: SourceSettings, files: Sequence[StoredFile], files_per_shard: int) -> list[InputShard]:
    """Virtual shards over the images found and those that the caption file names: an absent one is a reject later."""
    location = StoragePath.of(source.path)
    folder = location if location.is_dir() else common_folder(files)
    size_bytes = {decode_name(os.fsencode(file.path.relative_to(folder))): file.size_bytes for file in files}
    names = sorted(size_bytes.keys() | captioned_files(source, folder))
    chunks = [tuple(names[start : start + files_per_shard]) for start in range(0, len(names), files_per_shard)]
    version_of = folder_version(folder, source)
    return [
        InputShard(
            source.name,
            f"{index:06d}",
            "folder",
            folder,
            sum(size_bytes.get(name, 0) for name in chunk),
            chunk,
            version_of(chunk),
        )
        for index, chunk in enumerate(chunks)
    ]


def read_folder(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every file of the shard as one sample or one reject; ``member_offset`` is its position in ``shard.files``.

    The key is the file's name relative to the folder without its ending, other dots as underscores. Where an earlier
    file of the shard has that key (``a.jpg`` and ``a.png``), the ending stays in it (``a``, ``a_png``). Rows of the
    caption file that cannot be used are rejects of the first shard.
    """
    captions = None if source.captions is None else read_captions(captions_path(source.captions, shard.path))
    if captions is not None and shard.name == _FIRST_SHARD:
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


def _guess(found: Found) -> dict[str, str]:
    """``captions``, where one file beside the images holds captions of theirs, and the images have none beside them."""
    folder = found.location
    if not folder.is_dir():
        return {}
    names = {decode_name(os.fsencode(file.relative_to(folder))) for file in found.files}
    images = [name for name in names if name.lower().endswith(FOLDER.endings)]
    if any(f"{os.path.splitext(name)[0]}.txt" in names for name in images):
        return {}
    tables = [file for file in found.files if file.parent == folder and file.name.lower().endswith(CAPTION_FILES)]
    with_captions = [file.name for file in tables if _are_mostly(names, _captioned(file))]
    return {"captions": with_captions[0]} if len(with_captions) == 1 else {}


def _are_mostly(there: set[str], listed: set[str]) -> bool:
    """Whether nearly all that is listed is there: a few images may be lost, as is told of each."""
    return bool(listed) and len(listed & there) >= 0.9 * len(listed)


def _captioned(path: StoragePath) -> set[str]:
    """The names of files that a table has captions for; none where it is not of that kind."""
    try:
        return set(read_captions(path).by_name)
    except InputError:
        return set()


class _FolderImages:
    """Images by their position in ``InputShard.files``."""

    takes_turns = False

    def __init__(self, shard: InputShard) -> None:
        self._shard = shard

    def read_into(self, member_offset: int, target: memoryview) -> int:
        return fill(target, read_input(self._shard.file(self._shard.files[member_offset])))

    def close(self) -> None:
        pass


FOLDER = Format(
    about="image files",
    endings=(".jpg", ".jpeg", ".png", ".webp"),
    cut=_cut,
    guess=_guess,
    read=read_folder,
    open_images=lambda shard, _: _FolderImages(shard),
    decodes_groups=lambda _: False,
    offsets_are_bytes=False,
    most_samples=lambda shards: sum(len(shard.files) for shard in shards),
    is_counted=True,
)
