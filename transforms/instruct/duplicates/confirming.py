"""Pairs of pictures looked at, part by part: the pixels of one are brought to the part of the other."""

from __future__ import annotations

import zlib
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
from transforms.instruct.duplicates.pixels import Grey, grey_square, is_one
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
            squares = _squares(folder, name, piece["one"], side)
            yield (
                number,
                Brought(piece, {location: zlib.compress(_packed(grey), 1) for location, grey in squares.items()}),
            )


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
        seconds = _squares(folder, name, pairs["other"], side)
        firsts = {location: _unpacked(zlib.decompress(data)) for location, data in packed.items()}
        same = [
            int(pair["one"]) in firsts
            and int(pair["other"]) in seconds
            and is_one(
                firsts[int(pair["one"])], seconds[int(pair["other"])], max_patch_difference, bool(pair["cropped"])
            )
            for pair in pairs
        ]
        if any(same):
            yield pairs[np.array(same)]


def _squares(folder: InstructFolder, name: ShardName, locations: NDArray[np.uint64], side: int) -> dict[int, Grey]:
    """By location; without pictures that cannot be decoded any more, which are then like no other."""
    table = remaining(folder, name, DUPLICATES.name, ["media"])
    media = table["media"].combine_chunks().flatten()
    wanted = np.unique(locations)
    found = {}
    with MediumReader() as reader:
        for location, values in zip(wanted.tolist(), media.take(_places(wanted)).to_pylist(), strict=True):
            medium = Medium(**{"data" if key == "bytes" else key: value for key, value in values.items()})
            image = decode(reader.read(medium), _ANY_SIZE, side * _FEWEST_PIXELS)
            if not isinstance(image, ImageFault):
                found[location] = grey_square(image, side)
    return found


def _places(locations: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (locations & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _packed(grey: Grey) -> bytes:
    return bytes(np.ascontiguousarray(grey))


def _unpacked(data: bytes) -> Grey:
    side = int(len(data) ** 0.5)
    return np.frombuffer(data, np.uint8).reshape(side, side)
