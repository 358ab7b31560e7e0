"""What an index of concepts is: how one is built, and how one that is there is searched.

Shape legend: N images, V concepts, D width of the vectors, K concepts an image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.settings import IndexSettings


class Search(Protocol):
    """An index that is open."""

    def __call__(self, images: torch.Tensor, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(N, D) float32 → (N, K) inner products, largest first, and (N, K) rows of the concepts; -1 for none found."""


@dataclass(frozen=True)
class Recipe:
    """What FAISS builds an index by: its factory string, and its parameters as FAISS writes them. ``wider``: those that
    let it look further, one after the other, where these find too little."""

    factory: str
    parameters: str
    wider: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExactKind:
    """Every concept is compared: (V, D) vectors, which need not be in memory, are searched as they are."""

    about: str
    open: Callable[[NDArray[np.float32], torch.device], Search]


@dataclass(frozen=True)
class BuiltKind:
    """FAISS builds an index ahead, of so many concepts, by a recipe. It may look at some of the concepts only."""

    about: str
    recipe: Callable[[int, IndexSettings], Recipe]


IndexKind = ExactKind | BuiltKind
