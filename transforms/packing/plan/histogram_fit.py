"""Bin packing on the histogram of lengths: equal packs are planned once, however many there are.

Best-fit decreasing (Johnson 1974, https://doi.org/10.1016/S0022-0000(74)80026-7) puts each item, longest first, into
the fullest pack that still holds it. Items of one length are alike, and so are packs with the same room left; both are
therefore moved in ranges. The cost grows with the number of distinct lengths, not of documents.

Shape legend: C capacity, S slot ranges.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Slots(NamedTuple):
    """Which packs hold how many documents of each length, in ranges of packs that are treated alike.

    Row s: packs ``first_pack[s]`` to ``first_pack[s] + packs[s] - 1`` hold ``copies[s]`` documents of ``length[s]``
    each. Lengths fall from row to row.
    """

    length: NDArray[np.int32]  # (S,)
    first_pack: NDArray[np.int32]  # (S,)
    packs: NDArray[np.int32]  # (S,)
    copies: NDArray[np.int32]  # (S,)
    num_packs: int


def fit(counts: NDArray[np.int64], spread_packs: int = 0, spread_share: float = 0.0) -> Slots:
    """(C + 1,) documents of each length → slots in packs of C.

    With ``spread_packs`` as many packs are opened at once, and the longest documents that make up ``spread_share`` of
    all tokens are dealt to the emptiest pack each, so that every pack gets its share of them; best fit then closes the
    gaps with the rest. Without, it is best-fit decreasing.
    """
    bins = _Bins(len(counts) - 1)
    if spread_packs:
        bins.open(spread_packs)
    lengths = np.flatnonzero(counts)[::-1]
    spread_tokens = spread_share * float((lengths * counts[lengths]).sum())
    placed = 0
    for length, count in zip(lengths.tolist(), counts[lengths].tolist(), strict=True):
        if placed < spread_tokens:
            bins.deal(length, count)
        else:
            bins.best_fit(length, count)
        placed += length * count
    return bins.slots()


class _Bins:
    """Ranges of open packs by the room left in them, and a bit set of the rooms that occur."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._by_room: list[list[tuple[int, int]]] = [[] for _ in range(capacity + 1)]  # (first pack, packs)
        self._rooms = 0  # bit r is set when some open pack has room r
        self._num_packs = 0
        self._rows: list[tuple[int, int, int, int]] = []

    def open(self, packs: int) -> None:
        self._push(self._capacity, self._num_packs, packs)
        self._num_packs += packs

    def best_fit(self, length: int, count: int) -> None:
        """Fill the fullest packs first, each with as many as it holds: after one copy it is still the fullest."""
        while count:
            fitting = self._rooms >> length
            if not fitting:
                self.open(-(-count // (self._capacity // length)))
                continue
            room = length + (fitting & -fitting).bit_length() - 1
            copies = room // length
            first, packs = self._pop(room)
            full = min(packs, count // copies)
            self._place(length, room, first, full, copies)
            count -= full * copies
            if full < packs and count:  # too few left to fill the next pack as well
                self._place(length, room, first + full, 1, count)
                count, full = 0, full + 1
            self._push(room, first + full, packs - full)

    def deal(self, length: int, count: int) -> None:
        """One document each to the emptiest packs, again and again."""
        while count:
            room = self._rooms.bit_length() - 1
            if room < length:
                self.open(-(-count // (self._capacity // length)))
                continue
            first, packs = self._pop(room)
            dealt = min(packs, count)
            self._place(length, room, first, dealt, 1)
            self._push(room, first + dealt, packs - dealt)
            count -= dealt

    def slots(self) -> Slots:
        """The rows, with packs that stayed empty left out of the numbering."""
        rows = np.array(self._rows, np.int32).reshape(-1, 4)
        edges = np.zeros(self._num_packs + 1, np.int32)
        np.add.at(edges, rows[:, 1], 1)
        np.add.at(edges, rows[:, 1] + rows[:, 2], -1)
        used = np.cumsum(edges[:-1]) > 0
        number = np.cumsum(used, dtype=np.int32) - 1
        return Slots(rows[:, 0], number[rows[:, 1]], rows[:, 2], rows[:, 3], int(used.sum()))

    def _place(self, length: int, room: int, first: int, packs: int, copies: int) -> None:
        if packs:
            self._rows.append((length, first, packs, copies))
            self._push(room - copies * length, first, packs)

    def _push(self, room: int, first: int, packs: int) -> None:
        if packs:
            self._by_room[room].append((first, packs))
            self._rooms |= 1 << room

    def _pop(self, room: int) -> tuple[int, int]:
        taken = self._by_room[room].pop()
        if not self._by_room[room]:
            self._rooms &= ~(1 << room)
        return taken
