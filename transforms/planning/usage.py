"""What a stage uses, and how that grows with its rows: a straight line through two samples of different size."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Of one stage. ``stored_bytes`` are those of the files that it leaves, each written once; ``shuffled_bytes`` are
    what Beam groups by key."""

    cpu_secs: float = 0.0
    read_bytes: float = 0.0
    stored_bytes: float = 0.0
    shuffled_bytes: float = 0.0
    files: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return _each(lambda mine, theirs: mine + theirs, self, other)

    def __mul__(self, factor: float) -> Usage:
        return _each(lambda mine, _: mine * factor, self, self)

    def to_dict(self) -> dict[str, float]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Line:
    """``fixed``, whatever the rows are, and so much more with ``each`` of them."""

    fixed: Usage
    each: Usage

    def at(self, rows: float) -> Usage:
        return self.fixed + self.each * rows

    def to_dict(self) -> dict[str, Any]:
        return {"fixed": self.fixed.to_dict(), "each": self.each.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Line:
        return cls(Usage(**values["fixed"]), Usage(**values["each"]))


def line_through(fewer: tuple[int, Usage], more: tuple[int, Usage]) -> Line:
    """Through two points (rows, usage), neither part negative.

    What fell with more rows is noise, and taken as fixed; what a line would begin below zero goes through zero. Of
    equal rows, as for concepts, all of it is fixed.
    """
    (few, at_few), (many, at_many) = fewer, more
    if many <= few:
        return Line(at_many, Usage())
    each = _each(lambda low, high: min(max(high - low, 0.0) / (many - few), high / many), at_few, at_many)
    return Line(_each(lambda whole, grown: max(whole - grown * many, 0.0), at_many, each), each)


def _each(of: Any, one: Usage, other: Usage) -> Usage:
    mine, theirs = one.to_dict(), other.to_dict()
    return Usage(**{name: of(value, theirs[name]) for name, value in mine.items()})
