"""Whether what is asked of ``even`` can be had; where not, what stands in the way, and the least that must give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from transforms.balancing.even.fit import Frame, Request, Solution, fit
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.sampling import Ints
from transforms.errors import ConfigError

_NAMED = 5  # concepts that a message names
_MOST_SHORT = 0.01  # of all concepts: where a sample says that more fall short, an open floor is lowered


def fit_or_explain(request: Request, counts: Ints, sample: WeighedSample) -> Solution:
    """The fit, with the greatest floor that can be kept where the settings leave it open.

    Raises ConfigError, which names that greatest floor, where the one asked for cannot be kept.
    """
    _check_supply(request, sample)
    found = _try(request, counts, sample)
    if isinstance(found, Solution):
        return found
    best = _greatest_floor(request, counts, sample)
    if request.floor_is_open:
        return best
    raise ConfigError(
        f"balance.even.floor {request.floor} cannot be kept with {int(request.sizes.sum())} images: {found}. "
        f"Set balance.even.floor to {best.frame.request.floor}, the greatest that can, or raise balance.size."
    )


def _greatest_floor(request: Request, counts: Ints, sample: WeighedSample) -> Solution:
    """The fit with the greatest floor below that of ``request``, which cannot be kept."""
    best, low, high = None, 0, request.floor
    while high - low > 1:
        middle = (low + high) // 2
        found = _try(replace(request, floor=middle), counts, sample)
        if isinstance(found, Solution):
            best, low = found, middle
        else:
            high = middle
    return best or fit(Frame.of(replace(request, floor=0), counts, sample))


def _try(request: Request, counts: Ints, sample: WeighedSample) -> Solution | str:
    """The solution, or what stands in its way."""
    frame = Frame.of(request, counts, sample)
    over = np.flatnonzero(frame.certain_copies > request.sizes + 0.5)
    if len(over) and request.floor:
        return (
            f"concepts on {request.floor} images or fewer have {round(frame.certain_copies[over[0]])} images together, "
            f"and {request.sizes[over[0]]} are to be chosen"
        )
    if reason := _impossible(request, counts, sample):
        return reason
    solution = fit(frame)
    short = solution.short
    # a sample is no proof: what was asked for is asked for, and what was drawn is looked at
    allowed = _MOST_SHORT * len(frame.present) if request.floor_is_open else len(short)
    if len(short) <= (0 if sample.is_whole else allowed):
        return solution
    worst = short[np.argsort((solution.achieved - solution.floor)[short], kind="stable")[:_NAMED]]
    named = ", ".join(
        f"{frame.present[concept]} ({solution.achieved[concept]:.1f} of {solution.floor[concept]:.1f})"
        for concept in worst
    )
    return f"{len(short)} concepts fall short, with their margins, by id: {named}"


def _impossible(request: Request, counts: Ints, sample: WeighedSample) -> str | None:
    """What no selection can hold, told without a fit; None where that may be."""
    least = int(np.minimum(request.floor, request.max_copies * counts).sum())
    most = int(request.sizes.sum()) * sample.ids.shape[1]
    if least <= most:
        return None
    return f"the floors of all concepts add up to {least}, and {request.sizes.sum()} images hold {most} at most"


def _check_supply(request: Request, sample: WeighedSample) -> None:
    """Raises ConfigError where there are too few images with a concept, or without."""
    copies, share = request.max_copies, request.settings.conceptless_share
    groups = zip(request.sizes, request.bare_sizes, sample.rows, sample.bare_rows, strict=True)
    for size, bare_size, rows, bare_rows in groups:
        if size and not rows:
            raise ConfigError(
                "balance.even has nothing to balance by: no image has a concept. Lower balance.min_similarity, mend "
                "the encoder or the list of concepts, or choose at random: balance.method=uniform."
            )
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
