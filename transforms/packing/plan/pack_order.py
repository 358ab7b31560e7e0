"""The order in which packs are read: keyed for each epoch, known at any position without what came before it.

Every reader computes the pack at its own positions, so that ranks and workers need not talk, and going on after a stop
is arithmetic. An epoch's order is a permutation that is computed point by point (a Feistel network, which takes no
memory, walked along its cycle into the range; Black and Rogaway 2002, https://doi.org/10.1007/3-540-45760-7_9).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms import keyed
from transforms.errors import ConfigError

_ROUNDS = 4  # Luby and Rackoff: four give a strong pseudorandom permutation
_MIX_BLOCK = 1024  # positions over which shares of several sets are exact to one pack


def permuted(position: int, size: int, seed: int, purpose: str) -> int:
    """Where ``position`` in [0, size) goes; a bijection for each (seed, purpose)."""
    half_bits = max(1, -(-(size - 1).bit_length() // 2))
    mask = (1 << half_bits) - 1
    while True:
        left, right = position >> half_bits, position & mask
        for round_ in range(_ROUNDS):
            left, right = right, left ^ (keyed.hash64(seed, purpose, round_, right) & mask)
        position = left << half_bits | right
        if position < size:
            return position


@dataclass(frozen=True)
class PackOrder:
    """An endless sequence over one or several sets of packs.

    Without ``weights`` the sets are joined to one, and each epoch holds every pack exactly once. With them, every 1,024
    positions hold each set in its share, and each set has epochs of its own.
    """

    sizes: tuple[int, ...]
    seed: int = 0
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 1:
            raise ConfigError("a packed set without packs cannot be read; leave it out")
        if self.weights is not None and (len(self.weights) != len(self.sizes) or min(self.weights) <= 0):
            raise ConfigError(f"weights must be {len(self.sizes)} positive numbers, one a set; found {self.weights}")

    @property
    def packs(self) -> int:
        """Packs of all sets: the length of an epoch where there are no weights."""
        return sum(self.sizes)

    def at(self, position: int) -> tuple[int, int]:
        """The set and the pack in it at any position from 0."""
        if self.weights is None:
            index = permuted(position % self.packs, self.packs, self.seed, f"epoch {position // self.packs}")
            ends = np.cumsum(self.sizes)
            which = int(np.searchsorted(ends, index, side="right"))
            return which, index - int(ends[which]) + self.sizes[which]
        block, within = divmod(position, _MIX_BLOCK)
        shares = self._shares
        which_of, rank_of = _dealt_block(shares, self.seed, block)
        which = int(which_of[within])
        nth = block * shares[which] + int(rank_of[within])
        size = self.sizes[which]
        epoch = f"epoch {nth // size} of set {which}"
        return which, permuted(nth % size, size, self.seed, epoch)

    @functools.cached_property
    def _shares(self) -> tuple[int, ...]:
        """Positions of each set in a block: largest remainders, and at least one."""
        assert self.weights is not None
        exact = np.array(self.weights) / sum(self.weights) * _MIX_BLOCK
        shares = np.maximum(np.floor(exact).astype(int), 1)
        while (missing := _MIX_BLOCK - int(shares.sum())) != 0:
            shares[int(np.argmax((exact - shares) * np.sign(missing)))] += int(np.sign(missing))
        return tuple(shares.tolist())


@functools.lru_cache(maxsize=4)
def _dealt_block(shares: Sequence[int], seed: int, block: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The set at each position of a block, and how many of its set come before it in the block."""
    sets = np.repeat(np.arange(len(shares)), shares)
    sets = sets[np.argsort(keyed.mix64(np.arange(len(sets), dtype=np.uint64), seed, f"mix block {block}"))]
    ranks = np.empty_like(sets)
    for which in range(len(shares)):
        ranks[sets == which] = np.arange(shares[which])
    return sets, ranks
