"""Groups are held out whole, by a number of their own."""

from __future__ import annotations

import pytest

from tests.transforms.instruct.duplicates.small_duplicates import asking
from transforms.instruct.rows import Row
from transforms.instruct.splitting.holding_out import hold_out
from transforms.instruct.splitting.settings import SplitSettings

SETTINGS = SplitSettings(validation=0.1, test=0.2)


def splits(rows: list[Row], settings: SplitSettings = SETTINGS, seed: int = 0) -> dict[str, str | None]:
    return {fact.key: fact.split for fact in hold_out(rows, settings, seed).facts}


def grouped(key: str, group: int) -> Row:
    row = asking(key, "?", "x")
    return Row(row.key, row.source, row.messages, group=group.to_bytes(16, "big"))


def test_rows_of_a_group_never_part() -> None:
    rows = [grouped(f"{group}-{at}", group) for group in range(40) for at in range(3)]
    found = splits(rows)
    assert len(found) == len(rows)
    assert all(len({found[f"s/a/{group}-{at}"] for at in range(3)}) == 1 for group in range(40))


def test_shares_are_those_asked_for() -> None:
    found = list(splits([grouped(str(at), at) for at in range(4_000)]).values())
    for name, share in (("validation", 0.1), ("test", 0.2), ("train", 0.7)):
        deviation = (share * (1 - share) / 4_000) ** 0.5
        assert found.count(name) / 4_000 == pytest.approx(share, abs=4 * deviation)


def test_rows_without_a_group_are_groups_of_their_own() -> None:
    rows = [asking(str(at), "?", "x") for at in range(200)]
    assert set(splits(rows).values()) == {"train", "validation", "test"}
    assert splits(rows[:50]).items() <= splits(rows[::-1]).items()


def test_another_share_moves_only_whom_it_passes_over() -> None:
    rows = [grouped(str(at), at) for at in range(500)]
    before, after = splits(rows), splits(rows, SplitSettings(validation=0.05, test=0.2))
    assert {(before[key], after[key]) for key in before if before[key] != after[key]} == {("validation", "train")}
    assert splits(rows, seed=1) != before
