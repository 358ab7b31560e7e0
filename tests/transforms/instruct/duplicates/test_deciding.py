"""Of rows that say the same one stays, of contradictions the preferred one, of crowds a keyed choice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from transforms.instruct.duplicates.deciding import (
    JUDGED,
    FindingKind,
    Judged,
    find_pairs,
    keep_one,
    rounds,
    settle_conflicts,
    thin_out,
)
from transforms.instruct.duplicates.settings import DuplicatesSettings

Values = dict[str, Any]


def judged(*rows: Values) -> Judged:
    found = np.zeros(len(rows), JUDGED)
    for at, row in enumerate(rows):
        found[at]["location"], found[at]["cluster"], found[at]["tie"] = at, at, at
        for name, value in row.items():
            found[at][name] = value
    return found


def told(findings: np.ndarray) -> set[tuple[int, int, FindingKind]]:
    return {(int(one["subject"]), int(one["other"]), FindingKind(one["kind"])) for one in findings}


def places(rows: Judged) -> list[int]:
    return sorted(rows["location"].tolist())


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        ({"rank": 1, "length": 9}, {"rank": 0, "length": 1}, 1),
        ({"length": 2}, {"length": 1}, 0),
        ({"tie": 5}, {"tie": 7}, 1),
    ],
)
def test_the_preferred_stays_then_the_longest_then_a_keyed_one(first: Values, second: Values, stays: int) -> None:
    rows = judged({"cluster": 1, **first}, {"cluster": 1, **second}, {"cluster": 2})
    for ordered in (rows, rows[::-1]):
        staying, findings = keep_one(ordered)
        assert places(staying) == sorted([stays, 2])
        assert told(findings) == {(1 - stays, stays, FindingKind.EXACT)}


def test_it_is_said_in_what_a_copy_differs() -> None:
    rows = judged(
        {"cluster": 1, "length": 9},
        {"cluster": 1, "contents": 3},
        {"cluster": 1, "text": 3},
    )
    assert told(keep_one(rows)[1]) == {(1, 0, FindingKind.NEAR_IMAGE), (2, 0, FindingKind.NEAR_TEXT)}


CONTRADICTING = judged(
    {"closed": 1, "asked": 4, "answer": 1, "rank": 0},
    {"closed": 1, "asked": 4, "answer": 2, "rank": 1},
    {"closed": 1, "asked": 5, "answer": 2},
    {"closed": 0, "asked": 4, "answer": 3},
    {"closed": 1, "asked": 4, "answer": 2, "shown": 8},
)


@pytest.mark.parametrize(
    ("how", "staying", "findings"),
    [
        ("keep_preferred", [0, 2, 3, 4], {(1, 0, FindingKind.CONFLICT), (0, 1, FindingKind.CONTRADICTED)}),
        ("drop_both", [2, 3, 4], {(1, 0, FindingKind.CONFLICT), (0, 1, FindingKind.CONFLICT)}),
        ("keep", [0, 1, 2, 3, 4], {(0, 1, FindingKind.CONTRADICTED)}),
    ],
)
def test_closed_answers_to_one_question_on_one_image_contradict(how: str, staying: list[int], findings: set) -> None:
    for rows in (CONTRADICTING, CONTRADICTING[::-1]):
        stays, found = settle_conflicts(rows, how)
        assert places(stays) == staying
        assert told(found) == findings


def test_a_crowd_is_thinned_by_the_key() -> None:
    rows = judged(*({"media": 1, "shown": 7, "tie": tie} for tie in (4, 9, 1, 6)), {"media": 1}, {}, {})
    for ordered in (rows, rows[::-1]):
        staying, findings = thin_out(ordered, 2)
        assert places(staying) == [1, 3, 4, 5, 6]
        assert told(findings) == {(0, 0, FindingKind.TOO_MANY), (2, 2, FindingKind.TOO_MANY)}
        assert set(findings["count"].tolist()) == {4}


def test_pairs_are_of_two_languages_and_of_two_rows() -> None:
    telling = {"skeleton": 3, "evidence": 20}
    rows = judged(telling, {**telling, "han": 1}, {"skeleton": 4, "evidence": 20}, {"skeleton": 4, "evidence": 20})
    assert told(find_pairs(rows, 12)) == {(0, 1, FindingKind.PAIR), (1, 0, FindingKind.PAIR)}
    assert not len(find_pairs(rows, 21))
    assert not len(find_pairs(judged(telling, telling, {**telling, "han": 1}), 12))


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (DuplicatesSettings(), ["same", "conflicts", "pairs"]),
        (DuplicatesSettings(pairs=False, max_rows_per_image=3), ["same", "conflicts", "crowds"]),
    ],
)
def test_rounds_are_those_asked_for_and_lose_no_row(settings: DuplicatesSettings, names: list[str]) -> None:
    found = rounds(settings)
    assert [one.name for one in found] == names
    for one in found:
        split = np.concatenate([part for _, part in one.split(CONTRADICTING, 4)])
        assert places(split) == [0, 1, 2, 3, 4]
