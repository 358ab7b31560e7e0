"""How even each method makes the synthetic corpus, and how long the fit takes.

    python -m tests.benchmarks.bench_raking

The measures are those of a selection by Pareto order sampling, not of its expectation.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.harness import keep
from tests.transforms.balancing.corpus import count_concepts
from tests.transforms.synthetic_annotations import N_CONCEPTS, concept_ids
from transforms.balancing import order_sampling
from transforms.balancing.measures import measures
from transforms.balancing.methods import weighting
from transforms.balancing.methods.raked import Raked
from transforms.balancing.methods.weighting import Weighting
from transforms.balancing.order_sampling import Boundary, Cut, RankTally
from transforms.balancing.sampling import Expectation, bin_hits, bins
from transforms.balancing.settings import BalanceSettings


def select(ids: NDArray[np.int32], weights: Weighting, size: int) -> NDArray[np.int64]:
    """Rows of exactly ``size`` images."""
    strata, sample_ids = np.zeros(len(ids), np.int64), np.arange(len(ids), dtype=np.uint64)
    index = bins(weights.of_images(ids))
    expectation = Expectation.solve(bin_hits(index, strata, 1).dense(), (size,), 1)
    rank = order_sampling.ranks(sample_ids, index, strata, expectation, 0)
    ranked = RankTally.zero(1)
    ranked += order_sampling.tally_ranks(rank, sample_ids, strata, order_sampling.windows(expectation), 0)
    boundary = Boundary.find(ranked, expectation)
    won = Cut.at(boundary, []).wins(rank, sample_ids, strata, 0)
    return np.flatnonzero(won | (expectation.certain[0, index] > 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--keep-share", type=float, default=0.1)
    arguments = parser.parse_args()
    ids = concept_ids(arguments.rows)
    counts, size = count_concepts(ids, N_CONCEPTS), round(arguments.keep_share * arguments.rows)
    order = np.random.default_rng(1).permutation(len(ids))
    figures: dict[str, float] = {}

    def show(label: str, selected: NDArray[np.int64]) -> None:
        held = measures(selected, counts)
        figures[f"{label}_entropy"] = held.normalised_entropy
        figures[f"{label}_top_percent_share"] = held.top_percent_share
        figures[f"{label}_gini"] = held.gini

    show("raw", counts)
    fits = {
        "uniform": ("uniform", 0.0),
        "metaclip": ("metaclip", 0.05),
        "inverse_frequency": ("inverse_frequency", 0.0),
        "raked_on_1_percent": ("raked", 0.01),
        "raked_on_5_percent": ("raked", 0.05),
        "raked_on_50_percent": ("raked", 0.5),
    }
    for label, (method, sample_share) in fits.items():
        settings = BalanceSettings(method=method, size=size)  # type: ignore[arg-type]
        sample = ids[order[: round(sample_share * len(ids))]]
        start = time.perf_counter()
        weights = weighting(settings, counts, len(ids), sample)
        if len(sample):
            figures[f"{label}_fit_secs"] = time.perf_counter() - start
        if isinstance(weights, Raked):
            figures[f"{label}_fit_iterations"] = weights.iterations
        show(label, count_concepts(ids[select(ids, weights, size)], N_CONCEPTS))
    keep("raking", **vars(arguments), **figures)


if __name__ == "__main__":
    main()
