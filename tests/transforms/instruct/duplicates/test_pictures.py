"""Which pictures are looked at, two and two."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.instruct.duplicates.small_duplicates import SETTINGS, asking, picture
from transforms.instruct.duplicates.described import ROW, describe
from transforms.instruct.duplicates.pictures import picture_candidates, picture_meetings
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.rows import Row

LOOKS = 0x0F0F_1234_8765_F0F0


def compared(*rows: Row, chosen: DuplicatesSettings = SETTINGS) -> set[tuple[int, int, bool]]:
    table = describe(rows, chosen, 0)
    numbers = np.frombuffer(b"".join(table["row"].to_pylist()), ROW)
    found = set()
    for (kind, _), looks in picture_meetings(0, numbers, table["media"], table["looks"], chosen):
        for pair in picture_candidates(kind, [looks[::-1]], chosen):
            found.add((int(pair["one"]), int(pair["other"]), bool(pair["cropped"])))
    return found


@settings(deadline=None)
@given(st.sets(st.integers(0, 63), max_size=10))
def test_hashes_near_enough_always_meet(flipped: set[int]) -> None:
    other = LOOKS ^ sum(1 << bit for bit in flipped)
    rows = asking("0", "Who?", "x", picture("a", LOOKS)), asking("1", "What?", "y", picture("b", other))
    near = len(flipped) <= SETTINGS.max_hamming_distance
    assert compared(*rows) == ({(0, 1, False)} if near else set())


def test_equal_texts_are_looked_at_over_a_longer_distance() -> None:
    far = LOOKS ^ 0b1111111111
    rows = [asking("0", "Who?", "x", picture("a", LOOKS)), asking("1", "Who?", "x", picture("b", far))]
    assert compared(*rows) == {(0, 1, True)}
    assert compared(*rows, chosen=DuplicatesSettings(max_cropped_distance=0)) == set()
    assert compared(rows[0], asking("1", "Why?", "x", picture("b", far))) == set()


def test_a_caption_meets_whatever_question_it_answers() -> None:
    caption = "A red house beside a lake"
    rows = [
        asking("0", "", caption, picture("a", LOOKS)),
        asking("1", "Describe it.", caption, picture("b", ~LOOKS & 1)),
    ]
    assert compared(*rows) == set()
    near = asking("1", "Describe it.", caption, picture("b", LOOKS ^ 0b111111))
    assert compared(rows[0], near) == {(0, 1, True)}


def test_equal_bytes_and_unknown_looks_need_no_look() -> None:
    rows = [asking(str(at), "Who?", "x", picture("a", LOOKS)) for at in range(2)]
    assert compared(*rows, asking("2", "Who?", "x", picture("b"))) == set()


def test_of_a_template_each_is_compared_with_few() -> None:
    rows = [asking(str(at), f"Who is {at}?", "x", picture(str(at), LOOKS)) for at in range(60)]
    found = compared(*rows)
    assert 59 <= len(found) <= 60 * 8 * (SETTINGS.max_hamming_distance + 1)
