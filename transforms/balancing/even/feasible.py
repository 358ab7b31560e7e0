"""Whether what is asked of ``even`` can be had; where not, what stands in the way, and the least that must give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from transforms.balancing.even.fit import Frame, Request, Solution, fit
from transforms.balancing.even.sample import RareSample
from transforms.balancing.sampling import Ints
from transforms.errors import ConfigError

_NAMED = 5  # concepts that a message names


def fit_or_explain(request: Request, counts: Ints, sample: RareSample) -> Solution:
    """The fit; raises ConfigError, with the greatest floor that can be kept, where the one asked for cannot."""
    _check_supply(request, sample)
    solution = _try(request, counts, sample)
    if isinstance(solution, Solution):
        return solution
    low, high = 0, request.floor  # low can be kept, high cannot
    while high - low > 1:
        middle = (low + high) // 2
        if isinstance(_try(replace(request, floor=middle), counts, sample), Solution):
            low = middle
        else:
            high = middle
    raise ConfigError(
        f"balance.even.floor {request.floor} cannot be kept with {int(request.sizes.sum())} images: {solution}. "
        f"Set balance.even.floor to {low}, the greatest that can, or raise balance.size."
    )


def _try(request: Request, counts: Ints, sample: RareSample) -> Solution | str:
    """The solution, or what stands in its way."""
    frame = Frame.of(request, counts, sample)
    over = np.flatnonzero(frame.certain_copies > request.sizes + 0.5)
    if len(over) and request.floor:
        return (
            f"concepts on {request.floor} images or fewer have {round(frame.certain_copies[over[0]])} images together, "
            f"and {request.sizes[over[0]]} are to be chosen"
        )
    solution = fit(frame)
    short = solution.short
    if not len(short) or not sample.is_whole:  # a sample is no proof
        return solution
    worst = short[np.argsort((solution.achieved - solution.floor)[short], kind="stable")[:_NAMED]]
    named = ", ".join(
        f"{frame.present[concept]} ({solution.achieved[concept]:.1f} of {solution.floor[concept]:.1f})"
        for concept in worst
    )
    return f"{len(short)} concepts fall short, with their margins, by id: {named}"


def _check_supply(request: Request, sample: RareSample) -> None:
    """Raises ConfigError where there are too few images with a concept, or without."""
    copies, share = request.max_copies, request.settings.conceptless_share
    groups = zip(request.sizes, request.bare_sizes, sample.rows, sample.bare_rows, strict=True)
    for size, bare_size, rows, bare_rows in groups:
        if size > copies * rows:
            least = np.ceil((1 - copies * rows / (size + bare_size)) * 1e4) / 1e4
            raise ConfigError(
                f"balance.even asks for {size} images with a concept, and {rows} have one (balance.max_copies is "
                f"{copies}); {bare_rows} have none. Set balance.even.conceptless_share to {least:g} or more, or lower "
                "the size."
            )
        if bare_size > copies * bare_rows:
            most = np.floor(copies * bare_rows / (size + bare_size) * 1e4) / 1e4
            raise ConfigError(
                f"balance.even.conceptless_share {share:g} asks for {bare_size} images without a concept, and "
                f"{bare_rows} have none (balance.max_copies is {copies}). Set it to {most:g} or "
                "less, or lower the size."
            )
