"""Rows of one value brought together by a sort."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def equal_rows(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each of the (N,) whole numbers once, by rising value, and the indices where it stands, in their order."""
    order = np.argsort(values, kind="stable")
    found, starts = np.unique(values[order], return_index=True)
    return zip(found.tolist(), np.split(order, starts[1:]), strict=False)
