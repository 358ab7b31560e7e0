"""What another mixture of the same rows changes: those that reached the draw and those drawn, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from transforms.at_rest import FORMAT_VERSION
from transforms.instruct.reporting.tally import Tally

#: Along what a change is told.
TOLD = ("category", "language", "source")


class Change(NamedTuple):
    """``clean``: rows that reached the draw; ``mixed``: drawn, a copy each."""

    name: str
    clean_before: int
    clean_after: int
    mixed_before: int
    mixed_after: int

    @property
    def is_one(self) -> bool:
        return self.clean_before != self.clean_after or self.mixed_before != self.mixed_after


def changes(before: Tally, after: Tally, axis: str) -> list[Change]:
    """Every value of an axis that one of the two holds, the largest first, and all of them together last."""
    counters = (before.clean, after.clean, before.mixed, after.mixed)
    values = {value for counter in counters for name, value in counter if name == axis}
    found = [Change(value, *(counter[axis, value] for counter in counters)) for value in values]
    found.sort(key=lambda one: (-max(_numbers(one)), one.name))
    return [*found, Change("all", *map(sum, zip((0,) * 4, *map(_numbers, found), strict=True)))]


def _numbers(change: Change) -> tuple[int, int, int, int]:
    return change.clean_before, change.clean_after, change.mixed_before, change.mixed_after


def to_dict(before: Tally, after: Tally, made_anew: Sequence[str], prints: tuple[str, str]) -> Mapping[str, Any]:
    """For JSON. ``prints``: the fingerprints of the two."""
    axes = {axis: [one._asdict() for one in changes(before, after, axis)] for axis in TOLD}
    return {
        "format_version": FORMAT_VERSION,
        "before": prints[0],
        "after": prints[1],
        "made_anew": list(made_anew),
        **axes,
    }
