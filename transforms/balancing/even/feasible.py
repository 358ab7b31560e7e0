"""Whether what is asked of ``even`` can be had; where not, what stands in the way, and the least that must give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from transforms.balancing.cells import Cap
from transforms.balancing.even.caps import Allotment
from transforms.balancing.even.fit import Frame, Request, Solution, fit
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.sampling import Floats, Ints
from transforms.errors import ConfigError

_NAMED = 5  # concepts that a message names

#: What all floors together may take of the concepts that the images hold, where the floor is open and the fit is one of
#: a sample, which cannot tell whether they can be kept: assumed (0.42 of a synthetic Zipf corpus could be).
_MOST_FLOORS = 0.5


def fit_or_explain(request: Request, counts: Ints, sample: WeighedSample) -> Solution:
    """The fit, with the greatest floor that can be kept where the settings leave it open.

    Raises ConfigError, which names that greatest floor, where the one asked for cannot be kept; and for shares of types
    that no image shows.
    """
    _check_supply(request, sample)
    _check_caps(request, sample)
    request.target.check(counts)
    found = _try(request, counts, sample)
    if isinstance(found, Solution):
        return found
    best = _greatest_floor(request, counts, sample)
    if request.floor_is_open:
        return best
    raise ConfigError(
        f"balance.even.floor {request.floor} cannot be kept with {int(request.sizes.sum())} images: {found}. "
        f"Set balance.even.floor to {best.frame.request.floor}, the greatest that can, or raise balance.size"
        f"{' or balance.even.caps' if request.cells.caps() else ''}."
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
    certain = request.cells.to_strata(frame.certain_copies)
    over = np.flatnonzero(certain > request.sizes + 0.5)
    if len(over) and request.floor:
        return (
            f"concepts on {request.floor} images or fewer have {round(certain[over[0]])} images together, "
            f"and {request.sizes[over[0]]} are to be chosen"
        )
    if request.floor and _allotment(request, sample, frame.certain_copies).near(frame.certain_copies) is None:
        return f"concepts on {request.floor} images or fewer have more images than balance.even.caps allow"
    if reason := _impossible(request, counts, sample):
        return reason
    solution = fit(frame, gives_up=True)
    short = solution.short
    if not len(short):
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
    if not sample.is_whole and request.floor_is_open:
        each = float(counts.sum()) / max(float(sample.rows.sum()), 1.0)  # concepts of an image
        most = int(_MOST_FLOORS * each * request.sizes.sum())
    if least <= most:
        return None
    return f"the floors of all concepts add up to {least}, and {request.sizes.sum()} images hold {most} at most"


def _check_supply(request: Request, sample: WeighedSample) -> None:
    """Raises ConfigError where there are too few images with a concept, or without."""
    copies, share = request.max_copies, request.settings.conceptless_share
    held, bare = (request.cells.to_strata(rows).astype(np.int64) for rows in (sample.rows, sample.bare_rows))
    groups = zip(request.sizes, request.bare_sizes, held, bare, strict=True)
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


def _check_caps(request: Request, sample: WeighedSample) -> None:
    """Raises ConfigError where a cap names what no image has, or where caps allow fewer images than are asked for."""
    cells, caps = request.cells, request.cells.caps()
    for cap in caps:
        if not (sample.rows + sample.bare_rows)[cap.holds].any():
            raise ConfigError(f"{cap.key} is set, but no image has that {cap.by}. Mend the name, or remove it.")
    needed: dict[str, float] = {}
    for sizes, rows in ((request.sizes, sample.rows), (request.bare_sizes, sample.bare_rows)):
        more = Allotment(cells, sizes, np.zeros_like(rows), request.max_copies * rows).relaxation()
        for cap, extra in zip(caps, more, strict=True):
            if extra:
                share = np.ceil((cap.most(int(sizes.sum())) + extra) / sizes.sum() * 1e4) / 1e4
                needed[cap.key] = max(needed.get(cap.key, 0.0), float(share))
    if needed:
        asked = ", ".join(f"{key} {_share_of(caps, key):g}" for key in needed)
        least = ", ".join(f"{key}={share:g}" for key, share in needed.items())
        raise ConfigError(
            f"{asked}: what else there is cannot fill balance.size{_strata_told(request)}. The least that must give: "
            f"{least}; or lower balance.size, or add input."
        )


def _share_of(caps: Sequence[Cap], key: str) -> float:
    return next(cap.share for cap in caps if cap.key == key)


def _strata_told(request: Request) -> str:
    return " and its strata" if request.cells.strata.by else ""


def _allotment(request: Request, sample: WeighedSample, certain: Floats) -> Allotment:
    """What cells may hold beside the copies that are certain, as near as a sample tells."""
    supply = request.max_copies * sample.rows
    return Allotment(request.cells, request.sizes, np.minimum(np.floor(certain).astype(np.int64), supply), supply)


def sizes_of_cells(solution: Solution) -> tuple[int, ...]:
    """(C,) copies of images with a concept, then (C,) of those without, all whole and within strata and caps."""
    request, sample = solution.frame.request, solution.frame.sample
    cells = request.cells
    if not cells.caps():
        return (*request.sizes.tolist(), *request.bare_sizes.tolist())
    supply = request.max_copies * sample.rows
    found = _allotment(request, sample, solution.frame.certain_copies).near(solution.cell_copies)
    if found is None:  # a sample may take more for certain than there is room for; caps come first
        found = Allotment(cells, request.sizes, np.zeros_like(supply), supply).near(solution.cell_copies)
    bare_rows = cells.to_strata(sample.bare_rows)
    share = request.bare_sizes / np.maximum(bare_rows, 1)
    spare = Allotment(cells, request.bare_sizes, np.zeros_like(supply), request.max_copies * sample.bare_rows)
    bare = spare.near(share[cells.stratum] * sample.bare_rows)
    if found is None or bare is None:
        raise ValueError("caps that leave no room were to be found before the fit")
    return (*found.tolist(), *bare.tolist())
