"""Pixels of one part are brought to those of another, and looked at there."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib

import numpy as np
import pytest

from tests.transforms.instruct.chain.small_chain import PART, folder_of
from tests.transforms.instruct.duplicates.small_duplicates import asking
from tests.transforms.instruct.duplicates.test_beam import drawn
from transforms.instruct.duplicates.confirming import _KnownSquares, bring, confirm, each_once
from transforms.instruct.duplicates.pictures import PICTURE_PAIR
from transforms.instruct.duplicates.pixels import COARSE_SIDE, FINE_SIDE, Square


def test_pictures_that_are_one_are_told_from_others(tmp_path: pathlib.Path) -> None:
    media = [drawn(1), drawn(1, 70), drawn(2)]
    folder = folder_of(tmp_path, [asking("0", "Who?", "x", *media[:2]), asking("1", "Who?", "x", media[2])])
    folder = dataclasses.replace(
        folder,
        chain=("standardise", "duplicates", "mix", "publish"),
        fingerprints={**folder.fingerprints, "duplicates": "0" * 16},
    )
    pairs = np.array([(0, 1, 5, 6, 0), (0, 2, 5, 7, 1), (0, 1, 5, 6, 0)], PICTURE_PAIR)
    for side in (COARSE_SIDE, FINE_SIDE):
        [(number, brought)] = bring(folder, PART, [pairs[:2], pairs[2:]], side)
        assert (number, len(brought.pairs), len(brought.squares)) == (0, 2, 1)
        [same] = confirm(folder, PART, [brought], side, 5.0)
        assert same[["one_content", "other_content"]].tolist() == [(5, 6)]


@pytest.mark.parametrize("data", [b"", b"no picture"])
def test_a_picture_that_cannot_be_decoded_is_like_no_other(tmp_path: pathlib.Path, data: bytes) -> None:
    media = [drawn(1), dataclasses.replace(drawn(1), data=data)]
    folder = folder_of(tmp_path, [asking("0", "Who?", "x", *media)])
    folder = dataclasses.replace(
        folder,
        chain=("standardise", "duplicates", "mix", "publish"),
        fingerprints={**folder.fingerprints, "duplicates": "0"},
    )
    pairs = np.array([(0, 1, 8, 9, 0)], PICTURE_PAIR)  # contents that no other test has: they are remembered
    [(_, brought)] = bring(folder, PART, [pairs], COARSE_SIDE)
    assert list(confirm(folder, PART, [brought], COARSE_SIDE, 5.0)) == []


def test_squares_are_remembered_up_to_a_size() -> None:
    squares = [Square(np.full((8, 8), level, np.uint8)) for level in range(3)]
    known = _KnownSquares(2 * squares[0].most_bytes)
    for content, square in enumerate(squares[:2]):
        assert known.get(content, 8) is None and known.add(content, 8, square) is square
    assert known.get(0, 8) is squares[0] and known.get(0, 16) is None
    known.add(2, 8, squares[2])
    assert [known.get(content, 8) for content in range(3)] == [squares[0], None, squares[2]]


def test_a_pair_that_met_twice_is_one_whatever_came_first() -> None:
    pairs = np.zeros(4, PICTURE_PAIR)
    pairs["one"], pairs["other"], pairs["cropped"] = [1, 1, 2, 1], [5, 5, 3, 4], [0, 1, 0, 0]
    wanted = [(1, 4, 0), (1, 5, 1), (2, 3, 0)]
    for order in itertools.permutations(range(4)):
        found = each_once(pairs[list(order)])
        assert [(int(one["one"]), int(one["other"]), int(one["cropped"])) for one in found] == wanted
    assert not len(each_once(pairs[:0]))
