"""What was compared with what, what was found, and how much of what is there would have been found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from scipy.stats import beta

from transforms.instruct.decontaminating.canaries import (
    CANARIES,
    LOOK_ALIKES,
    NOT_MEASURED,
    NOT_TRANSLATED,
    TRANSLATED,
    Asked,
    Cell,
    planted,
)
from transforms.instruct.decontaminating.index import BenchmarkIndex
from transforms.instruct.decontaminating.judging import Finding, Judge
from transforms.instruct.decontaminating.settings import DecontaminateSettings
from transforms.instruct.decontaminating.tiers import Tier
from transforms.storage import StoragePath

_CONFIDENCE = 0.95


class Interval(NamedTuple):
    low: float
    high: float


def clopper_pearson(found: int, of: int, confidence: float = _CONFIDENCE) -> Interval:
    """The exact interval of a share (Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404), two-sided."""
    outside = (1 - confidence) / 2
    low = float(beta.ppf(outside, found, of - found + 1)) if found else 0.0
    high = float(beta.ppf(1 - outside, found + 1, of - found)) if found < of else 1.0
    return Interval(low, high)


def measure(
    cell: Cell,
    sample: Sequence[Asked],
    judge: Judge,
    settings: DecontaminateSettings,
    translations: Mapping[str, str],
) -> dict[str, Any]:
    """How many of a cell's rows are found, and by which tier: those count that something is done about.

    ``translations``: by question, of those that have one.
    """
    rows = list(planted(cell, sample, translations))
    tiers: dict[str, Tier] = {}
    for finding in judge(rows):
        if settings.action(finding.tier) in ("drop", "mark"):
            tiers.setdefault(finding.key, finding.tier)
    return described(cell.name, len(tiers), len(rows), Counter(tier.value for tier in tiers.values()))


def described(name: str, found: int, of: int, tiers: Mapping[str, int]) -> dict[str, Any]:
    """One line of the certificate. Without a row, nothing is known."""
    interval = clopper_pearson(found, of) if of else Interval(0.0, 1.0)
    return {
        "name": name,
        "planted": of,
        "found": found,
        "share": round(found / of, 4) if of else None,
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "tiers": dict(sorted(tiers.items())),
    }


class Tally(NamedTuple):
    """Of findings: rows by tier and benchmark, and distinct questions of the same."""

    rows: Counter[tuple[str, str]]
    questions: dict[tuple[str, str], set[str]]

    @classmethod
    def of(cls, findings: Iterable[tuple[str, str, str]]) -> Tally:
        """``findings``: tier, benchmark and question of each."""
        rows: Counter[tuple[str, str]] = Counter()
        questions: dict[tuple[str, str], set[str]] = {}
        for tier, benchmark, question in findings:
            rows[tier, benchmark] += 1
            questions.setdefault((tier, benchmark), set()).add(question)
        return cls(rows, questions)

    def as_dict(self, settings: DecontaminateSettings) -> dict[str, Any]:
        return {
            tier.value: {
                "action": settings.action(tier),
                "rows": sum(count for (one, _), count in self.rows.items() if one == tier),
                "by_benchmark": {
                    benchmark: {"rows": count, "questions": len(self.questions[one, benchmark])}
                    for (one, benchmark), count in sorted(self.rows.items())
                    if one == tier
                },
            }
            for tier in Tier
        }


def told(finding: Finding, index: BenchmarkIndex) -> tuple[str, str, str]:
    """Tier, benchmark and question, as :class:`Tally` takes them."""
    return finding.tier.value, index.names[index.owner[finding.question]], str(index.ids[finding.question])


def certificate(
    settings: DecontaminateSettings,
    benchmarks: Sequence[Mapping[str, Any]],
    rows: Mapping[str, Any],
    tally: Tally,
    cells: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """``cells``: what :func:`measure` gave, by name. What the published files hold is added when they are there, and
    translated questions when they are."""
    canaries = [cells[cell.name] for cell in CANARIES if cell.name in cells]
    look_alikes = [cells[cell.name] for cell in LOOK_ALIKES if cell.name in cells]
    return {
        "format_version": 1,
        "settings": settings.identity(),
        "benchmarks": list(benchmarks),
        "rows": dict(rows),
        "tiers": tally.as_dict(settings),
        "confidence": _CONFIDENCE,
        "translations": None,
        "canaries": canaries,
        "look_alikes": look_alikes,
        "failing": _failing(canaries, look_alikes, settings),
        "not_measured": [NOT_TRANSLATED, *NOT_MEASURED, *_not_planted(canaries), *_not_measured(benchmarks)],
        "final": None,
    }


def with_translations(
    values: Mapping[str, Any],
    translations: Mapping[str, Any],
    cells: Mapping[str, Mapping[str, Any]],
    settings: DecontaminateSettings,
) -> dict[str, Any]:
    """A certificate with what :func:`measure` gave of cells of translated questions; ``translations``: how many there
    are, and by whom."""
    translated = [cells[cell.name] for cell in TRANSLATED]
    others = [one for one in values["canaries"] if one["name"] not in cells]
    said = [line for line in values["not_measured"] if line != NOT_TRANSLATED and line.partition(":")[0] not in cells]
    return {
        **values,
        "translations": dict(translations),
        "canaries": [*others, *translated],
        "failing": _failing([*others, *translated], values["look_alikes"], settings),
        "not_measured": [*said, *_not_planted(translated)],
    }


def _failing(
    canaries: Sequence[Mapping[str, Any]], look_alikes: Sequence[Mapping[str, Any]], settings: DecontaminateSettings
) -> list[str]:
    return [
        *(one["name"] for one in canaries if one["planted"] and one["share"] < settings.least_recall),
        *(one["name"] for one in look_alikes if one["planted"] and one["share"] > settings.most_false),
    ]


def _not_planted(canaries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"{cell['name']}: no question of the benchmarks allows it" for cell in canaries if not cell["planted"]]


def _not_measured(benchmarks: Sequence[Mapping[str, Any]]) -> list[str]:
    said = []
    for one in benchmarks:
        if one["content"] == "fingerprint":
            said.append(
                f"{one['name']} is known by its fingerprint alone: no canary is made of it, and pictures that look "
                "alike are compared by 1,024 bits, which does not tell charts or receipts of one layout apart"
            )
        if missing := one["missing_images"]:
            by = "their names" if one["match_names"] else "nothing"
            said.append(f"{one['name']}: {missing} questions show an image of which no file was found; known by {by}")
    return said


def write_certificate(path: StoragePath, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")
