"""What tells the version of an input: when it was last changed, as the file system or store says it.

Known from listing, for object stores charge for each look at a file. Times are no part of a fingerprint: a copied file
has another one, and the same bytes.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Sequence

import xxhash

from transforms.names import decode_name
from transforms.reading.captions import captions_path
from transforms.reading.settings import SourceSettings
from transforms.storage import StoragePath, StoredFile


def file_version(file: StoredFile) -> str:
    """Nanoseconds since 1970; empty where the store does not tell."""
    return "" if file.modified_ns is None else str(file.modified_ns)


def files_version(files: Sequence[StoredFile]) -> str:
    """A hash of the versions of files that are one shard together."""
    return xxhash.xxh3_64_hexdigest(ascii([(str(file.path), file_version(file)) for file in files]))


def folder_version(folder: StoragePath, source: SourceSettings) -> Callable[[Sequence[str]], str]:
    """Names of some images of a folder, as :mod:`transforms.names` writes them → a hash of the times of these, of the
    captions beside them and of the source's file of captions. One listing serves all."""
    files = folder.stored_below()
    changed_ns = {decode_name(os.fsencode(file.path.relative_to(folder))): file.modified_ns for file in files}
    captions = captions_path(source.captions, folder).stored() if source.captions is not None else None
    of_captions = captions.modified_ns if captions else None

    def version(names: Sequence[str]) -> str:
        hashed = xxhash.xxh3_64(str(of_captions))
        for name in names:
            text = f"{os.path.splitext(name)[0]}.txt"  # a caption beside its image
            hashed.update(ascii((name, changed_ns.get(name), changed_ns.get(text))))
        return hashed.hexdigest()

    return version
