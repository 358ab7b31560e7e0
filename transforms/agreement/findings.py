"""What an agreement says, as plain values: groups of concepts, hubs, and how sure the best concepts are.

Shape legend: V concepts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.agreement.tally import Agreement
from transforms.balancing.by_type import NO_TYPE
from transforms.balancing.measures import top_share
from transforms.balancing.sampling import Ints

#: A hub is retrieved so many times as often as captions would have it, on so many images at least (assumed).
HUB_FACTOR, HUB_LEAST_IMAGES = 10.0, 20

_QUANTILES = (0.01, 0.05, 0.25, 0.5)


@dataclass(frozen=True)
class GroupRow:
    """Concepts that have something in common, of a group of one meaning the one that stands for it. Images are counted
    once a concept; ``expected``: of both, were what is retrieved and what is named independent."""

    name: str
    concepts: int
    of_image: int
    of_caption: int
    of_both: int
    expected: float

    @property
    def found(self) -> float:
        """Of what captions name, the share that was retrieved."""
        return self.of_both / self.of_caption if self.of_caption else 0.0

    @property
    def named(self) -> float:
        """Of what was retrieved, the share that the caption names."""
        return self.of_both / self.of_image if self.of_image else 0.0

    @property
    def lift(self) -> float:
        """How many times as often both agree as by chance."""
        return self.of_both / self.expected if self.expected else 0.0


@dataclass(frozen=True)
class HubRow:
    """``factor``: times as often retrieved as named, where as much is retrieved as is named."""

    id: int
    name: str
    of_image: int
    of_caption: int
    factor: float


@dataclass(frozen=True)
class Findings:
    """``skewness_…``: of the counts of concepts (k-occurrences): 0 where all are as frequent, high where a few are
    everywhere; that of captions is what the corpus itself has (Radovanović, Nanopoulos and Ivanović, Hubs in Space,
    JMLR 2010)."""

    rows: int
    captioned: int
    unnamed: int
    threshold: float
    below: int
    quantiles: dict[str, float]
    by_type: tuple[GroupRow, ...]
    by_frequency: tuple[GroupRow, ...]
    skewness_of_image: float
    skewness_of_caption: float
    top_share_of_image: float
    top_share_of_caption: float
    hubs: int
    hub_share: float
    unnamed_hubs: int  # that no caption names: such a hub may be one, or captions spell it otherwise
    worst_hubs: tuple[HubRow, ...]

    def values(self) -> dict[str, Any]:
        """As JSON takes them, shares of groups with them."""
        found = asdict(self)
        for name in ("by_type", "by_frequency"):
            for row, values in zip(getattr(self, name), found[name], strict=True):
                values |= {"found": row.found, "named": row.named, "lift": row.lift}
        return found


def findings(
    agreement: Agreement, names: Sequence[str], types: Sequence[str | None], threshold: float, most: int
) -> Findings:
    """``names`` and ``types``: (V,). ``most``: hubs that are listed."""
    factor = _factors(agreement)
    is_hub = (factor >= HUB_FACTOR) & (agreement.of_image >= HUB_LEAST_IMAGES)
    worst = np.flatnonzero(is_hub)
    worst = worst[np.lexsort((worst, -factor[worst]))][:most]
    of_image, of_caption = agreement.of_image[agreement.stands], agreement.of_caption[agreement.stands]
    return Findings(
        rows=agreement.rows,
        captioned=agreement.captioned,
        unnamed=agreement.unnamed,
        threshold=threshold,
        below=agreement.below(threshold),
        quantiles={f"{share:g}": agreement.best_quantile(share) for share in _QUANTILES},
        by_type=by_type(agreement, types),
        by_frequency=by_frequency(agreement),
        skewness_of_image=skewness(of_image),
        skewness_of_caption=skewness(of_caption),
        top_share_of_image=top_share(of_image),
        top_share_of_caption=top_share(of_caption),
        hubs=int(is_hub.sum()),
        hub_share=float(agreement.of_image[is_hub].sum() / max(of_image.sum(), 1)),
        unnamed_hubs=int((is_hub & (agreement.of_caption == 0)).sum()),
        worst_hubs=tuple(
            HubRow(row, names[row], int(agreement.of_image[row]), int(agreement.of_caption[row]), float(factor[row]))
            for row in worst.tolist()
        ),
    )


def by_type(agreement: Agreement, types: Sequence[str | None]) -> tuple[GroupRow, ...]:
    """The types that concepts of the run have, what most captions name first, and all."""
    of_type = np.array([one or NO_TYPE for one in types])
    rows = [_group(agreement, name, of_type == name) for name in sorted(set(of_type.tolist()))]
    rows.sort(key=lambda row: -row.of_caption)
    return (*rows, _group(agreement, "all", np.ones(len(of_type), np.bool_)))


def by_frequency(agreement: Agreement) -> tuple[GroupRow, ...]:
    """By tenfold of images whose caption names the concept, the rarest first; those that none names, and those of them
    that are retrieved, stand before."""
    counts, rows = agreement.of_caption, []
    bounds = [0, 1, *(10**power for power in range(1, len(str(int(counts.max(initial=0)))) + 1))]
    for low, high in itertools.pairwise(bounds):
        inside = (counts >= low) & (counts < high)
        rows.append(_group(agreement, f"{low:,}" if high == low + 1 else f"{low:,}–{high - 1:,}", inside))
    return tuple(row for row in rows if row.concepts)


def skewness(counts: Ints) -> float:
    """The third moment of the counts about their mean, over the cube of their standard deviation."""
    away = counts - counts.mean() if len(counts) else counts.astype(np.float64)
    deviation = float(np.sqrt((away**2).mean())) if len(counts) else 0.0
    return float((away**3).mean() / deviation**3) if deviation else 0.0


def _group(agreement: Agreement, name: str, inside: NDArray[np.bool_]) -> GroupRow:
    inside = inside & agreement.stands
    return GroupRow(
        name,
        int(inside.sum()),
        int(agreement.of_image[inside].sum()),
        int(agreement.of_caption[inside].sum()),
        int(agreement.of_both[inside].sum()),
        float(agreement.expected()[inside].sum()),
    )


def _factors(agreement: Agreement) -> NDArray[np.float64]:
    """(V,) times as often retrieved as captions would have it; one image more in each, so that none is divided by 0."""
    scale = agreement.of_image.sum() / max(agreement.of_caption.sum(), 1)
    return np.asarray((agreement.of_image + 1) / (agreement.of_caption * scale + 1))
