"""The certificate of a selection as rows of a table, and other methods' selections of the same size beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.certificate import warnings
from transforms.balancing.measures import COVERED_IMAGES, band_coverage, measures
from transforms.balancing.profile import SELECTIONS


@dataclass(frozen=True)
class Fact:
    """One line of the certificate."""

    name: str
    meaning: str
    value: str


@dataclass(frozen=True)
class Certificate:
    """What the page shows of ``balance/certificate.json``."""

    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    dearest: tuple[tuple[str, float], ...]  # concepts whose floors cost most, with the nats that each costs
    methods: tuple[str, ...]  # random, the formulas, and the selection itself
    comparison: tuple[tuple[str, tuple[str, ...]], ...]  # measure → of each method

    @classmethod
    def of(
        cls, values: Mapping[str, Any], before: NDArray[np.int64], selections: Mapping[str, NDArray[np.int64]]
    ) -> Certificate:
        """``selections``: (V,) images of each concept, by the name of their method."""
        dearest = tuple((one["name"], one["nats"]) for one in values["costs"]["dearest_floors"])
        comparison = _comparison(before, selections) + _preferences(values) + _types(values) if before.any() else ()
        return cls(_facts(values), tuple(warnings(dict(values))), dearest, tuple(selections), comparison)


def _facts(values: Mapping[str, Any]) -> tuple[Fact, ...]:
    even, costs, chance, per_image = (values[name] for name in ("evenness", "costs", "chance", "concepts_per_image"))
    bare = values["without_concept"]
    facts = [
        Fact("evenness", "as drawn; 1 where the target is met", f"{even['drawn']:.4f}"),
        Fact("most that any selection can have", "a proven bound", f"{even['bound']:.4f}"),
        Fact("gap to that bound", "no other selection of this size is evener by more", f"{even['gap']:.4f}"),
    ]
    facts += [
        Fact(
            f"share of {cap['by']} {cap['name']}",
            f"{100 * cap['share']:g} % at most" + (", which binds" if cap["nats"] else ""),
            f"{100 * cap['has'] / cap.get('of', values['size']):.1f} %",
        )
        for cap in values.get("caps", ())
    ]
    floor = values["floor"]
    if floor is not None:
        facts += [
            Fact("gap with the same guarantees", "to any that keeps the floors", f"{even['gap_with_floors']:.4f}"),
            Fact(
                "what the guarantees cost",
                "in evenness: floors and caps by the bounds, and exchanges",
                f"{costs['floors'] + costs.get('exchanges', 0.0):.4f}",
            ),
            Fact(
                f"concepts that keep {floor['images']} images, or all they have",
                f"{floor['exchanged']:,} images changed places for it",
                f"{floor['concepts'] - floor['short']:,} of {floor['concepts']:,}",
            ),
        ]
    if passes := (values["fit"] or {}).get("passes"):
        told = ", ".join(f"{one:.4f}" for one in passes)
        facts.append(Fact("evenness that each correcting pass found", "of all images, before floors", told))
    facts += [
        Fact("choices left to chance", "Σπ(1−π): what another seed could change", f"{chance['free_draws']:,.0f}"),
        Fact(
            "concepts an image, before and after",
            "above: images that hold many are preferred",
            f"{per_image['before']:.2f} → {per_image['after']:.2f}",
        ),
        Fact("images without a concept", "in the corpus, and selected", f"{bare['before']:,} → {bare['after']:,}"),
    ]
    return tuple(facts)


def _preferences(values: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What selections prefer beside concepts, and what they cover in each stratum; of older runs nothing."""
    beside = values.get("beside")
    if beside is None:
        return ()
    names = [name for name in SELECTIONS if name != "corpus"]
    corpus = beside["corpus"]

    def row(text: str, key: str, style: str) -> tuple[str, tuple[str, ...]]:
        told = f"{text} (in the corpus: {style.format(corpus[key])})"
        return told, tuple(style.format(beside[name][key]) for name in names)

    rows = [
        row("head leak: share of the commonest concepts that images with rare ones carry", "head_leak", "{:.1%}"),
        row("characters a caption", "characters_per_caption", "{:.1f}"),
        row("concepts an image", "concepts_per_image", "{:.2f}"),
    ]
    for stratum, selections in values["coverage_by_stratum"].items():
        of = sum(band["concepts"] for band in selections[names[0]])
        kept = (sum(band["covered"] for band in selections[name]) for name in names)
        told = f"concepts with {COVERED_IMAGES} images in {stratum}, of {of:,}"
        rows.append((told, tuple(f"{count:,}" for count in kept)))
    return tuple((name, tuple(text.replace("%", " %") for text in texts)) for name, texts in rows)


def _types(values: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Shares and coverage by type of concept; nothing of a vocabulary without types, and of older runs."""
    names = [name for name in SELECTIONS if name != "corpus"]
    rows = []
    for kind, found in values.get("by_type", {}).items():
        share = {name: f"{100 * found['share'][name]:.1f} %" for name in SELECTIONS}
        told = f"share of what is held, of type {kind} (in the corpus: {share['corpus']}; aimed at: "
        rows.append((f"{told}{100 * found['target']:.1f} %)", tuple(share[name] for name in names)))
        kept = (sum(band["covered"] for band in found["coverage"][name]) for name in names)
        told = f"concepts with {COVERED_IMAGES} images of type {kind}, of {found['concepts']:,}"
        rows.append((told, tuple(f"{count:,}" for count in kept)))
    return tuple(rows)


def _comparison(
    before: NDArray[np.int64], selections: Mapping[str, NDArray[np.int64]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = [measures(counts, before) for counts in selections.values()]
    rows = [
        ("normalised entropy", tuple(f"{each.normalised_entropy:.3f}" for each in found)),
        ("Gini coefficient", tuple(f"{each.gini:.3f}" for each in found)),
        ("share of the top 1 % of concepts", tuple(f"{100 * each.top_percent_share:.1f} %" for each in found)),
        (f"concepts with {COVERED_IMAGES} images", tuple(f"{each.covered:,}" for each in found)),
    ]
    bands = [band_coverage(counts, before) for counts in selections.values()]
    for same in zip(*bands, strict=True):
        name = f"of the {same[0]['concepts']:,} on {same[0]['least']:,} to {same[0]['most']:,} images"
        rows.append((name, tuple(f"{band['covered']:,}" for band in same)))
    return tuple(rows)
