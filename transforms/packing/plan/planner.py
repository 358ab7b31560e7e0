"""Which document goes into which pack, from lengths alone: exact, deterministic, nothing lost.

Three steps. The histogram of lengths decides how many documents of each length every pack holds
(:mod:`.histogram_fit`). Within a length documents are interchangeable, and which one goes where is
decided by keyed chance, or, to balance, heavy images to packs that lack them: neither changes the fill. Packs over a
second capacity then give documents back, which are packed again by the greatest share that they take of any capacity.

Shape legend: N documents, C capacity in tokens, P packs.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from transforms import keyed
from transforms.packing.plan.histogram_fit import Slots, fit
from transforms.stages import PACK

#: Shares of all tokens to deal out evenly before best fit closes the gaps: the first that costs no packs is taken.
_SPREAD_SHARES = (0.95, 0.9, 0.8, 0.7, 0.5, 0.3)
#: A second capacity is met on average with this much to spare, since documents come whole.
_HEADROOM = 0.97
#: What "no packs" means: this share more than plain best fit.
_BALANCE_COST = 0.0007

#: Documents handled at once where numpy would make large temporaries.
_PIECE = 8_000_000


@dataclass(frozen=True)
class Plan:
    """``pack[i]`` is the pack of document i, in [0, num_packs), or -1 when no pack can hold it."""

    pack: NDArray[np.int32]  # (N,)
    num_packs: int

    def too_long(self) -> NDArray[np.int64]:
        """The documents that no pack can hold: each must be reported as a reject."""
        return np.flatnonzero(self.pack < 0)

    def members(self) -> list[NDArray[np.int64]]:
        """The documents of each pack, in the order of the input."""
        order = np.argsort(self.pack, kind="stable")
        starts = np.searchsorted(self.pack[order], np.arange(self.num_packs + 1))
        return [order[first:last] for first, last in itertools.pairwise(starts.tolist())]


class _Capacity(NamedTuple):
    """What a pack holds a bounded sum of, beside tokens: ``values`` of documents, and the ``most`` of a pack."""

    values: NDArray[np.int32] | NDArray[np.int64]  # (N,)
    most: int


def plan_packs(
    num_tokens: ArrayLike,
    pack_tokens: int,
    *,
    ids: NDArray[np.uint64] | None = None,
    seed: int = 0,
    num_patches: NDArray[np.int32] | None = None,
    max_patches: int | None = None,
    max_attention: int | None = None,
    balance: bool = False,
) -> Plan:
    """(N,) lengths → the pack of each document.

    ``ids`` are the documents' identities (:func:`transforms.keyed.sample_ids`); with them the packs do not depend on
    the order of the input. ``max_attention`` bounds the squared lengths of a pack's documents. ``balance`` gives packs
    equal shares of long documents and, where ``num_patches`` is given, of vision patches. Raises ValueError for
    lengths below one.
    """
    lengths = np.asarray(num_tokens, np.int32)
    if lengths.size and int(lengths.min()) < 1:
        raise ValueError(f"document {int(np.argmin(lengths))} has a length of {int(lengths.min())} tokens")
    capacities = []
    if max_patches is not None:
        if num_patches is None:
            raise ValueError("max_patches needs num_patches")
        capacities.append(_Capacity(num_patches, max_patches))
    if max_attention is not None:
        capacities.append(_Capacity(lengths.astype(np.int64) ** 2, max_attention))
    fits = lengths <= pack_tokens
    for capacity in capacities:
        fits &= capacity.values <= capacity.most
    work = _Work(lengths, pack_tokens, ids, seed, num_patches if balance else None)
    pack, num_packs = np.full(lengths.shape, -1, np.int32), 0
    if fits.any():
        num_packs = work.place(pack, fits, work.slots(fits, capacities, balance))
    if capacities and num_packs:
        num_packs = _repack(work, pack, num_packs, capacities)
    if num_packs:  # packs of like contents are planned one after another; mix them
        rank = np.empty(num_packs + 1, np.int32)
        rank[np.argsort(keyed.mix64(np.arange(num_packs, dtype=np.uint64), seed, "pack order"))] = np.arange(num_packs)
        rank[-1] = -1  # where -1 points
        pack = rank[pack]
    return Plan(pack, num_packs)


@dataclass(frozen=True)
class _Work:
    """What places documents in packs by their length; of no use beyond :func:`plan_packs`."""

    lengths: NDArray[np.int32]
    pack_tokens: int
    ids: NDArray[np.uint64] | None
    seed: int
    patches: NDArray[np.int32] | None  # to balance by

    def chance(self, members: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The keyed number by which equal documents are told apart."""
        keys = members.astype(np.uint64) if self.ids is None else self.ids[members]
        return keyed.mix64(keys, self.seed, PACK.name)

    def slots(self, fits: NDArray[np.bool_], capacities: list[_Capacity], balance: bool) -> Slots:
        counts = np.bincount(self.lengths if fits.all() else self.lengths[fits], minlength=self.pack_tokens + 1)
        tokens = int((counts * np.arange(len(counts))).sum())
        least = -(-tokens // self.pack_tokens)
        needed = [int(c.values.sum(where=fits) / c.most / _HEADROOM) + 1 for c in capacities]
        if max(needed, default=0) > least:  # another capacity is the tighter one: level all packs
            return fit(counts, max(needed), spread_share=1.0)
        plain = fit(counts)
        if not balance:
            return plain
        spread = (fit(counts, least, share) for share in _SPREAD_SHARES)
        return next((slots for slots in spread if slots.num_packs <= plain.num_packs * (1 + _BALANCE_COST)), plain)

    def place(self, pack: NDArray[np.int32], chosen: NDArray[np.bool_], slots: Slots) -> int:
        """Write the pack of every chosen document, length by length."""
        order, starts = _by_length(self.lengths, chosen)
        weights = None if self.patches is None else _PatchDealer(self.patches, order, slots, starts)
        bounds = np.flatnonzero(np.diff(slots.length, prepend=-1, append=-1))
        for first, last in itertools.pairwise(bounds.tolist()):
            length = int(slots.length[first])
            members = order[starts[length] : starts[length + 1]]
            members = members[np.argsort(self.chance(members), kind="stable")]
            rows = slice(first, last)
            if weights is None:
                pack[members] = _packs_of(slots, rows)
            else:
                weights.assign(pack, members, slots, rows)
        return slots.num_packs


def _by_length(lengths: NDArray[np.int32], chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Chosen documents sorted by length, and where each length starts."""
    longest = int(lengths.max(where=chosen, initial=0))
    # 16-bit keys take numpy's radix sort, linear in N; the documents left out sort last, as length longest + 1
    kind = np.uint16 if longest + 1 < 2**16 else np.int32
    order = np.argsort(np.where(chosen, lengths, longest + 1).astype(kind), kind="stable")
    counts = np.bincount(lengths if chosen.all() else lengths[chosen], minlength=longest + 1)
    return order, np.concatenate([[0], np.cumsum(counts)])


def _packs_of(slots: Slots, rows: slice) -> NDArray[np.int32]:
    """The pack of every slot of ``rows``: each range of packs, as often as it has copies."""
    first, packs, copies = slots.first_pack[rows], slots.packs[rows], slots.copies[rows]
    sizes = packs * copies
    within = np.arange(sizes.sum(), dtype=np.int32) - np.repeat(np.cumsum(sizes) - sizes, sizes).astype(np.int32)
    return np.asarray(np.repeat(first, sizes) + within % np.repeat(packs, sizes), np.int32)


class _PatchDealer:
    """Deals patches evenly: of documents of one length, those with most patches go to the packs that lack them.

    A pack's load counts the patches of the documents dealt to it, and the mean of their length for its open slots.
    """

    def __init__(
        self, patches: NDArray[np.int32], order: NDArray[np.int64], slots: Slots, starts: NDArray[np.int64]
    ) -> None:
        self._patches = patches
        self._load = np.zeros(slots.num_packs)
        self._means: dict[int, float] = {}
        for length, first, packs, copies in zip(*(column.tolist() for column in slots[:4]), strict=True):
            if length not in self._means:
                self._means[length] = float(patches[order[starts[length] : starts[length + 1]]].mean())
            self._load[first : first + packs] += copies * self._means[length]

    def assign(self, pack: NDArray[np.int32], members: NDArray[np.int64], slots: Slots, rows: slice) -> None:
        """One round for each copy, so that a pack does not take its copies all from the same end."""
        patches = self._patches[members]
        lightness = int(patches.max()) - patches
        heaviest_first = np.argsort(
            lightness.astype(np.uint16) if lightness.max() < 2**16 else lightness, kind="stable"
        )
        members, patches = members[heaviest_first], patches[heaviest_first]
        first, packs, copies = slots.first_pack[rows], slots.packs[rows], slots.copies[rows]
        mean, done = self._means[int(slots.length[rows.start])], 0
        for round_ in range(int(copies.max())):
            open_ = copies > round_
            targets = _packs_of(
                Slots(first, first[open_], packs[open_], np.ones(open_.sum(), np.int32), 0), slice(None)
            )
            targets = targets[np.argsort(self._load[targets], kind="stable")]
            dealt = slice(done, done + len(targets))
            pack[members[dealt]] = targets
            self._load[targets] += patches[dealt] - mean
            done += len(targets)


def _repack(work: _Work, pack: NDArray[np.int32], num_packs: int, capacities: list[_Capacity]) -> int:
    """Take documents out of packs over a capacity, and pack them anew; gives the new number of packs.

    A document's size is then the greatest share that it takes of any capacity: where sizes add up to no more than a
    pack, so does every capacity.
    """
    evicted = np.unique(np.concatenate([_excess(work, pack, num_packs, capacity) for capacity in capacities]))
    if not len(evicted):
        return num_packs
    sizes = work.lengths[evicted]
    for values, limit in capacities:
        share = -(-values[evicted].astype(np.int64) * work.pack_tokens // limit)  # rounded up: never over the limit
        sizes = np.maximum(sizes, share).astype(np.int32)
    ids = evicted.astype(np.uint64) if work.ids is None else work.ids[evicted]
    again = _Work(sizes, work.pack_tokens, ids, work.seed, None)
    fresh = np.empty(len(evicted), np.int32)
    slots = fit(np.bincount(sizes, minlength=work.pack_tokens + 1))
    more = again.place(fresh, np.ones(len(evicted), np.bool_), slots)
    pack[evicted] = num_packs + fresh
    return _without_empty(pack, num_packs + more)


def _without_empty(pack: NDArray[np.int32], num_packs: int) -> int:
    """Number the packs anew that still hold a document: of two capacities, each may have taken what the other left."""
    number = np.full(num_packs + 1, -1, np.int32)  # last: of pack -1
    used = np.unique(pack[pack >= 0])
    number[used] = np.arange(len(used))
    pack[:] = number[pack]
    return len(used)


def _excess(work: _Work, pack: NDArray[np.int32], num_packs: int, capacity: _Capacity) -> NDArray[np.int64]:
    """The documents to take out, greatest first, so that no pack is over the capacity."""
    sums = _pack_sums(pack, capacity.values, num_packs)
    over = np.append(sums > capacity.most, False)  # False for pack -1
    inside = np.flatnonzero(over[pack])
    order = inside[np.lexsort((work.chance(inside), -capacity.values[inside], pack[inside]))]
    owner, values = pack[order], capacity.values[order].astype(np.int64)
    before = np.cumsum(values) - values  # of this pack and those sorted before it
    starts = np.searchsorted(owner, owner)  # where this pack's documents begin
    return np.asarray(order[before - before[starts] < sums[owner] - capacity.most])


def _pack_sums(pack: NDArray[np.int32], values: NDArray[Any], num_packs: int) -> NDArray[np.float64]:
    """(P,) exact sums. In pieces, because numpy makes float64 of all weights at once."""
    sums = np.zeros(num_packs + 1)  # the first is of pack -1
    for start in range(0, len(pack), _PIECE):
        piece = slice(start, start + _PIECE)
        sums += np.bincount(pack[piece] + 1, values[piece], num_packs + 1)
    return sums[1:]
