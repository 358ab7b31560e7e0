"""Pairs of pictures looked at, part by part: the pixels of one are brought to the part of the other."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.grouping import equal_rows
from transforms.images.decode import DecodeSettings, decode
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import remaining
from transforms.instruct.duplicates.pictures import PicturePairs
from transforms.instruct.duplicates.pixels import Grey, Square, grey_square, is_one
from transforms.instruct.medium_bytes import MediumReader
from transforms.instruct.rows import Medium
from transforms.stages import DUPLICATES

_ANY_SIZE = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)
_FEWEST_PIXELS = 2  # that a JPEG keeps for each of a square, decoded smaller
_PIECE = 256  # pairs brought along together: 9 MB of coarse squares, 150 MB of fine ones, before they are packed


class Brought(NamedTuple):
    """(E,) pairs, and the packed squares of those that stand first in them, by their locations."""

    pairs: PicturePairs
    squares: dict[int, bytes]


def bring(
    folder: InstructFolder, name: ShardName, pairs: Iterable[PicturePairs], side: int
) -> Iterator[tuple[int, Brought]]:
    """Pairs whose first pictures lie in part ``name``, by the number of the part of the second ones."""
    together = each_once(np.concatenate(list(pairs)))
    for number, members in equal_rows(together["other"] >> np.uint64(32)):
        for start in range(0, len(members), _PIECE):
            piece = together[members[start : start + _PIECE]]
            squares = _squares(folder, name, piece, "one", side)
            yield number, Brought(piece, {location: square.packed for location, square in squares.items()})


def each_once(pairs: PicturePairs) -> PicturePairs:
    """Pairs sorted, each once; as crops where they met as such too, in whatever order they come."""
    ordered = pairs[np.lexsort((pairs["cropped"] == 0, pairs["other"], pairs["one"]))]
    begins = np.ones(len(ordered), bool)
    begins[1:] = (ordered["one"][1:] != ordered["one"][:-1]) | (ordered["other"][1:] != ordered["other"][:-1])
    return ordered[begins]


def confirm(
    folder: InstructFolder, name: ShardName, brought: Iterable[Brought], side: int, max_patch_difference: float
) -> Iterator[PicturePairs]:
    """Those of them that are one picture; the second ones lie in part ``name``."""
    for pairs, packed in brought:
        seconds = _squares(folder, name, pairs, "other", side)
        ones, others, cropped = (pairs[field].tolist() for field in ("one", "other", "cropped"))
        firsts = {
            location: _KNOWN.get(content, side) or _KNOWN.add(content, side, Square(_unpacked(packed[location])))
            for location, content in zip(ones, pairs["one_content"].tolist(), strict=True)
            if location in packed
        }
        same = [
            one in firsts
            and other in seconds
            and is_one(firsts[one], seconds[other], max_patch_difference, bool(may_be_cropped))
            for one, other, may_be_cropped in zip(ones, others, cropped, strict=True)
        ]
        if any(same):
            yield pairs[np.array(same)]


class _KnownSquares:
    """Those that this process has made of late, by what they are of: one picture stands in many rows and many pairs."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._found: OrderedDict[tuple[int, int], Square] = OrderedDict()

    def get(self, content: int, side: int) -> Square | None:
        found = self._found.get((content, side))
        if found is not None:
            self._found.move_to_end((content, side))
        return found

    def add(self, content: int, side: int, square: Square) -> Square:
        """``square``, which is not there yet."""
        self._found[content, side] = square
        self._bytes += square.most_bytes
        while self._bytes > self._most_bytes:
            self._bytes -= self._found.popitem(last=False)[1].most_bytes
        return square


_KNOWN = _KnownSquares(64 << 20)


def _squares(folder: InstructFolder, name: ShardName, pairs: PicturePairs, which: str, side: int) -> dict[int, Square]:
    """By location, those of ``which`` of the pairs, which lie in part ``name``; without pictures that cannot be decoded
    any more, which are then like no other."""
    contents = dict(zip(pairs[which].tolist(), pairs[f"{which}_content"].tolist(), strict=True))
    known = {location: _KNOWN.get(content, side) for location, content in contents.items()}
    found = {location: square for location, square in known.items() if square is not None}
    wanted = np.array(sorted(contents.keys() - found.keys()), np.uint64)
    if not len(wanted):
        return found
    media = remaining(folder, name, DUPLICATES.name, ["media"])["media"].combine_chunks().flatten()
    with MediumReader() as reader:
        for location, values in zip(wanted.tolist(), media.take(_places(wanted)).to_pylist(), strict=True):
            if (square := _KNOWN.get(contents[location], side)) is not None:  # another place of one just made
                found[location] = square
                continue
            medium = Medium(**{"data" if key == "bytes" else key: value for key, value in values.items()})
            image = decode(reader.read(medium), _ANY_SIZE, side * _FEWEST_PIXELS)
            if not isinstance(image, ImageFault):
                found[location] = _KNOWN.add(contents[location], side, Square(grey_square(image, side)))
    return found


def _places(locations: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (locations & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _unpacked(data: bytes) -> Grey:
    plain = zlib.decompress(data)
    side = int(len(plain) ** 0.5)
    return np.frombuffer(plain, np.uint8).reshape(side, side)
