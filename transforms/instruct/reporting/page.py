"""The report of a mixture as one HTML page."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from transforms.instruct.reporting.tally import AXES, Tally
from transforms.rejects import Counts
from transforms.reporting.templates import render_template

_MOST_ROWS = 40  # of a table; sources may be hundreds
_MOST_OPENINGS = 10
_TITLES = {
    "answers": "answers a row", "media": "images and videos", "form": "form of the answer",
    "length": "characters of an answer", "licence": "licence of the data",
}  # fmt: skip


class Row(NamedTuple):
    name: str
    clean: int
    mixed: int
    clean_share: float
    mixed_share: float


class Table(NamedTuple):
    title: str
    rows: tuple[Row, ...]
    more: int


class Diversity(NamedTuple):
    """Of openings: how many are distinct, how many the commonest has, and the entropy in bits."""

    distinct: float
    commonest: float
    entropy: float


class Facts(NamedTuple):
    """What run.json says, and the certificate of decontamination, None without one. ``stages``: the name and the counts
    of each that is done, in order."""

    fingerprint: str
    code_version: str
    config: Mapping[str, Any]
    stages: Sequence[tuple[str, Counts]]
    certificate: Mapping[str, Any] | None = None
    templates: Mapping[str, Any] | None = None  # what the stage of that name has left


def render_mixture(tally: Tally, facts: Facts) -> str:
    """The page; the same tally and facts give the same text."""
    stages = facts.stages
    return render_template(
        "instruct.html",
        facts=facts,
        raw=stages[0][1].rows_in,
        mixed=stages[-1][1].rows_out,
        tally=tally,
        tables=[table for axis in AXES if (table := table_of(axis, tally)).rows],
        diversity={
            name: diversity(openings)
            for name, openings in (("clean", tally.openings_clean), ("mixed", tally.openings_mixed))
            if openings
        },
        openings=tally.openings_mixed.most_common(_MOST_OPENINGS),
        edited=sorted(tally.edited.items()),
        found=sorted(tally.found.items()),
        rewritten=[one for one in tally.examples if one.after],
        dropped=[one for one in tally.examples if not one.after],
        settings=yaml.safe_dump(dict(facts.config), allow_unicode=True, width=100),
    )


def table_of(axis: str, tally: Tally) -> Table:
    """The largest cells of an axis; the rest together as ``more``."""
    clean = {value: count for (name, value), count in tally.clean.items() if name == axis}
    mixed = {value: count for (name, value), count in tally.mixed.items() if name == axis}
    whole, drawn = max(sum(clean.values()), 1), max(sum(mixed.values()), 1)
    order = sorted(clean, key=lambda value: (-clean[value], value))
    rows = tuple(
        Row(value, clean[value], mixed.get(value, 0), clean[value] / whole, mixed.get(value, 0) / drawn)
        for value in order[:_MOST_ROWS]
    )
    return Table(_TITLES.get(axis, axis), rows, len(order) - len(rows))


def diversity(openings: Counter[str]) -> Diversity:
    total = openings.total()
    entropy = sum(count / total * math.log2(total / count) for count in openings.values())
    return Diversity(len(openings) / total, openings.most_common(1)[0][1] / total, entropy)
