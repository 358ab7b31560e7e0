"""What hangs together: names that pairs join, each brought to one name of all.

Shape legend: E pairs, N names that stand in any.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


class Joined(NamedTuple):
    """(N,) uint64 names, sorted, and for each the least of its component. Names that are not there stand alone."""

    names: NDArray[np.uint64]
    least: NDArray[np.uint64]

    def of(self, names: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The name of the component of each."""
        if not len(self.names):
            return names
        at = np.minimum(np.searchsorted(self.names, names), len(self.names) - 1)
        return np.where(self.names[at] == names, self.least[at], names)


def join(parts: Iterable[NDArray[np.uint64]]) -> Joined:
    """(E, 2) pairs in any number of pieces and any order → the same."""
    edges = np.concatenate([np.empty((0, 2), np.uint64), *parts])
    names, places = np.unique(edges, return_inverse=True)
    first, second = places.reshape(-1, 2).T
    graph = coo_array((np.ones(len(first), np.bool_), (first, second)), (len(names), len(names)))
    number, labels = connected_components(graph, directed=False)
    least = np.full(number, len(names), np.int64)
    np.minimum.at(least, labels, np.arange(len(names)))
    return Joined(names, names[least[labels]] if number else names)
