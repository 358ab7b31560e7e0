"""Sums of the files of a checkpoint, written beside them and compared before they are read.

XXH3 in 128 bits: it finds damage, not forgery.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import xxhash

from model.checkpoints.json_files import read_json, write_json
from model.errors import CheckpointError

_CHUNK_BYTES = 16 << 20


def write_sums(path: str, files: Iterable[str]) -> None:
    """Write to ``path`` the sums of ``files``, which are in the same folder. Raises OSError."""
    folder = os.path.dirname(path)
    write_json(path, {name: _sum(os.path.join(folder, name)) for name in sorted(files)})


def find_damage(path: str) -> str | None:
    """What is wrong with the files that ``path`` holds the sums of, or None if they are as they were written."""
    try:
        sums = read_json(path)
        for name, expected in sums.items():
            if _sum(os.path.join(os.path.dirname(path), name)) != expected:
                return f"{name} is not as it was written: its bytes have another sum"
    except (CheckpointError, OSError) as error:
        return str(error)
    return None


def _sum(path: str) -> str:
    digest = xxhash.xxh3_128()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
