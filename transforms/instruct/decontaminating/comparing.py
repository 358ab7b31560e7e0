"""Whether two pictures whose hashes are near are one: looked at place by place, the one laid over the other.

Hashes of charts, tables and receipts are near wherever the layout is the same. What differs between two of them is
small and local, where encoding again or resizing changes little everywhere: so the worst place decides.

Shape legend: h, w the pictures as they are compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from scipy.signal import fftconvolve

from transforms.instruct.decontaminating.pictures import LONGEST, Picture

_LEAST_SIDE = 8  # pixels below which there is nothing to compare
_PLACE = 4  # pixels a side of a place: signed differences in it cancel, as the noise of encoding and resizing does
_SAME_SHAPE = 0.03  # logarithm of the ratio of proportions: what rounding to whole pixels leaves of small thumbnails
_LEAST_PART = 0.5  # of each side, that a crop keeps
_BETWEEN = (0.0, 0.25, 0.5, 0.75)  # of a pixel as compared, by which a crop may lie between two
_MOST_HIDDEN = 0.35  # of the picture, by a banner along one side
_LEAST_SEEN = 0.25  # of a banner's places, that the picture below it is not as bright as the banner anyway
_LEAST_COVERED = 0.8  # of those, that differ: else it is a line of other text
_MOSTLY_COVERED = 0.6  # of all its places, which is as much: words on it may be as bright as what they cover


class _Laid(NamedTuple):
    """(h, w) both pictures, the one laid over the other, each place averaged."""

    row: NDArray[np.float32]
    benchmark: NDArray[np.float32]

    @classmethod
    def of(cls, row: NDArray[np.float32], benchmark: NDArray[np.float32]) -> _Laid:
        return cls(*(uniform_filter(one, _PLACE, mode="nearest") for one in (row, benchmark)))

    def worst(self) -> float:
        return float(np.abs(self.row - self.benchmark).max())


def same_picture(row: Picture, benchmark: Picture, most_difference: float, parts: bool = True) -> bool:
    """Whether ``row`` shows ``benchmark`` as a whole, perhaps under a banner, or a part of it at its own scale.

    ``most_difference``: grey levels that any place of 4 × 4 pixels may differ by on average. ``parts``: whether to look
    for parts, of which many are laid over it.
    """
    whole = _whole(row, benchmark)
    if whole is not None and (whole.worst() <= most_difference or _is_under_banner(whole, most_difference)):
        return True
    return parts and any(laid.worst() <= most_difference for laid in _cropped(row, benchmark))


def have_one_shape(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two sizes, width and height, have the same proportions."""
    return bool(abs(np.log(first[0] * second[1] / (first[1] * second[0]))) <= _SAME_SHAPE)


def _whole(row: Picture, benchmark: Picture) -> _Laid | None:
    """Where both have the same proportions."""
    if not have_one_shape((row.width, row.height), (benchmark.width, benchmark.height)):
        return None
    width, height = min(row.width, benchmark.width), min(row.height, benchmark.height)
    scale = min(1.0, LONGEST / max(width, height))
    size = (max(_LEAST_SIDE, round(width * scale)), max(_LEAST_SIDE, round(height * scale)))
    return _Laid.of(row.resized(*size), benchmark.resized(*size))


def _cropped(row: Picture, benchmark: Picture) -> Iterator[_Laid]:
    """The row's picture over the part of the benchmark's that it fits best, and between the pixels beside that."""
    parts = row.width / benchmark.width, row.height / benchmark.height
    if max(parts) > 1 or min(parts) < _LEAST_PART or min(parts) == 1:
        return
    large = benchmark.small().grey.astype(np.float32)
    scale = large.shape[1] / benchmark.width, large.shape[0] / benchmark.height
    size = int(row.width * scale[0]), int(row.height * scale[1])
    if min(scale) < 1:  # room to move between pixels
        size = size[0] - 1, size[1] - 1
    if min(size) < _LEAST_SIDE:
        return
    top, left = _best_place(row.resized(*size, at=(0, 0), scale=scale), large)
    between = _BETWEEN if min(scale) < 1 else (0.0,)
    for x, y in itertools.product(between, between):
        small = row.resized(*size, at=(x, y), scale=scale)
        for down, across in itertools.product((0, 1) if y else (0,), (0, 1) if x else (0,)):
            under = large[top + down : top + down + size[1], left + across : left + across + size[0]]
            if under.shape == small.shape:
                yield _Laid.of(small, under)


def _best_place(small: NDArray[np.float32], large: NDArray[np.float32]) -> tuple[int, int]:
    """Top and left of the part of ``large`` that differs least from ``small``, in squares."""
    mean = large.mean()
    energy = _sums((large - mean).astype(np.float64) ** 2, small.shape)
    product = fftconvolve(large - mean, (small - mean)[::-1, ::-1], mode="valid")
    error = energy - 2 * product  # but for the constant energy of ``small``
    top, left = np.unravel_index(int(error.argmin()), error.shape)
    return int(top), int(left)


def _sums(values: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.float64]:
    """Of every part of ``size``, by a table of the sums above and left of each place (Crow 1984,
    https://doi.org/10.1145/800031.808600)."""
    table = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    high, wide = size
    found = table[high:, wide:] - table[:-high, wide:] - table[high:, :-wide] + table[:-high, :-wide]
    return np.asarray(found, np.float64)


def _is_under_banner(laid: _Laid, most_difference: float) -> bool:
    """Whether nothing differs but along one side, where the row has one level and the benchmark's is hidden."""
    differs = np.abs(laid.row - laid.benchmark) > most_difference
    for turns in range(4):
        first = int(np.rot90(differs, turns).any(1).argmax())
        banner, hidden, changed = (np.rot90(one, turns)[first:] for one in (laid.row, laid.benchmark, differs))
        if len(banner) > _MOST_HIDDEN * (first + len(banner)):
            continue
        seen = np.abs(hidden - np.median(banner)) > most_difference
        is_covered = seen.mean() >= _LEAST_SEEN and changed[seen].mean() >= _LEAST_COVERED
        if is_covered or changed.mean() >= _MOSTLY_COVERED:
            return True
    return False
