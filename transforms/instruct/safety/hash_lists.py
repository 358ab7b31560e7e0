"""Images and videos whose hashes somebody has put on a list.

Shape legend: N images, L hashes of a list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import pdqhash
from numpy.typing import NDArray

from transforms.annotating.faiss_library import import_faiss
from transforms.errors import ConfigError
from transforms.images.decode import DecodeSettings, decode
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault
from transforms.storage import StoragePath

HashKind = Literal["md5", "pdq"]

_DIGITS: dict[HashKind, int] = {"md5": 32, "pdq": 64}
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")
_LIMITS = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)
#: Of a picture without detail all hashes are alike: its authors say to leave those below 50 out
#: (https://github.com/facebook/ThreatExchange/tree/main/pdq).
_LEAST_QUALITY = 50


def read_hashes(path: str, kind: HashKind, setting: str) -> NDArray[np.uint8]:
    """(L, 16 or 32) bytes of a list; raises ConfigError, naming the ``setting``, for one that cannot be meant."""
    file = StoragePath.of(path)
    if not file.is_file():
        raise ConfigError(f"no file at {file}: {setting} must name a text file with a hash a line")
    hashes = []
    for number, line in enumerate(file.read_bytes().decode("utf-8-sig", "replace").splitlines(), 1):
        digits = re.split(r"[,\s]", line.strip(), maxsplit=1)[0]
        if not digits or digits.startswith("#"):
            continue
        if len(digits) != _DIGITS[kind] or not _HEXADECIMAL.fullmatch(digits):
            raise ConfigError(
                f"{setting}: line {number} of {file} is no {kind} hash of {_DIGITS[kind]} hexadecimal digits"
            )
        hashes.append(bytes.fromhex(digits))
    if not hashes:
        raise ConfigError(f"{setting}: {file} holds no hash; leave the list out")
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), -1)


def md5(data: bytes) -> bytes:
    """16 bytes; what lists of files are of, and no safeguard."""
    return hashlib.md5(data, usedforsecurity=False).digest()


def pdq(data: bytes) -> bytes | None:
    """32 bytes of an image as it is seen; None of one that has no detail, or cannot be decoded."""
    image = decode(data, _LIMITS)
    if isinstance(image, ImageFault):
        return None
    bits, quality = pdqhash.compute(np.ascontiguousarray(image.rgb))
    return None if quality < _LEAST_QUALITY else np.packbits(bits).tobytes()


class Md5List:
    def __init__(self, hashes: NDArray[np.uint8]) -> None:
        self._known = {row.tobytes() for row in hashes}

    def holds(self, hashes: Sequence[bytes]) -> list[bool]:
        return [one in self._known for one in hashes]


class PdqList:
    """Finds the nearest of a list by faiss, which compares all of them: exact."""

    def __init__(self, hashes: NDArray[np.uint8], max_distance: int) -> None:
        self._max_distance = max_distance
        self._index = import_faiss().IndexBinaryFlat(hashes.shape[1] * 8)
        self._index.add(np.ascontiguousarray(hashes))

    def holds(self, hashes: Iterable[bytes]) -> list[bool]:
        wanted = list(hashes)
        if not wanted:
            return []
        distances, _ = self._index.search(np.frombuffer(b"".join(wanted), np.uint8).reshape(len(wanted), -1), 1)
        return [bool(one <= self._max_distance) for one in distances[:, 0]]
