"""Tables of what a remix changes."""

from __future__ import annotations

from collections import Counter

from transforms.instruct.reporting.changes import Change, changes, to_dict
from transforms.instruct.reporting.tally import Tally


def test_values_that_come_and_go_stand_there_and_all_add_up() -> None:
    before = Tally(
        clean=Counter({("language", "en"): 9, ("language", "zh"): 3}), mixed=Counter({("language", "en"): 4})
    )
    after = Tally(clean=Counter({("language", "en"): 9, ("language", "fr"): 1}), mixed=Counter({("language", "fr"): 1}))
    found = changes(before, after, "language")
    assert found == [
        Change("en", 9, 9, 4, 0),
        Change("zh", 3, 0, 0, 0),
        Change("fr", 0, 1, 0, 1),
        Change("all", 12, 10, 4, 1),
    ]
    assert all(one.is_one for one in found) and not Change("x", 1, 1, 2, 2).is_one
    assert changes(before, after, "source") == [Change("all", 0, 0, 0, 0)]
    assert to_dict(before, after, ["mix"], ("a", "b"))["language"][1]["name"] == "zh"
