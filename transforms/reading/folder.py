"""A folder of images, with captions from one file for all or from a .txt beside each."""

from __future__ import annotations

import os.path
from collections.abc import Iterator

from transforms.reading.captions import captions_path, read_captions
from transforms.reading.listing import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample, dotless, is_unsafe, unsafe_name
from transforms.reading.retried_file import read_input
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath


def read_folder(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every file of the shard as one sample or one reject; ``member_offset`` is its position in ``shard.files``.

    The key is the file's name relative to the folder without its ending, other dots as underscores. Where an earlier
    file of the shard has that key (``a.jpg`` and ``a.png``), the ending stays in it (``a``, ``a_png``).
    """
    captions = None if source.captions is None else read_captions(captions_path(source.captions, shard.path))
    seen: set[str] = set()
    for position, name in enumerate(shard.files):
        source_key = os.path.splitext(name)[0]
        if dotless(source_key) in seen:
            source_key = name
        key = dotless(source_key)
        if is_unsafe(name):
            yield unsafe_name(key, name)
            continue
        if key in seen:
            yield Reject(key, Reason.DUPLICATE_KEY, f"{name} has the key of an earlier file of this folder")
            continue
        seen.add(key)
        image = _bytes(shard.path / name)
        if image is None:
            yield Reject(key, Reason.MISSING_IMAGE, f"{name} is listed, but is not in {shard.path}")
            continue
        caption = _bytes(shard.path / f"{os.path.splitext(name)[0]}.txt") if captions is None else captions.get(name)
        yield checked_sample(key, image, caption, position, source.caption == "required", source_key=source_key)


def _bytes(path: StoragePath) -> bytes | None:
    try:
        return read_input(path)
    except FileNotFoundError:
        return None
