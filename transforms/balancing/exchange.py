"""Keeps a floor for certain: what was drawn is counted, and where a concept fell short, images change places.

A floor binds what is expected, and chance may draw a little less; where a method was fitted on a sample, what is
expected may be less already. So of the images that were not drawn those of least rank that hold the concept come in,
and for each of them one goes out of the same group: the one of highest rank whose concepts can all spare it; and where
none that chance drew is left, the one of least weight. Sizes stay exact, and ranks are keyed, so the outcome depends on
nothing else.

Shape legend: N rows, K concepts an image, V concepts, C candidates, G groups.
"""

from __future__ import annotations

import functools
import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.concept_ids import Ids, look_up
from transforms.balancing.sampling import Floats, Ints

#: Images that may go out, for each that may come in: most can be spared, but not beside one another.
_OUTGOING_PER_MISSING = 4
_LEAST_OUTGOING = 1000

#: Rows that are put together at least before they are looked through: half of them stay, so each is moved a few times.
_LEAST_PRUNED = 1 << 15

#: Copies drawn of what is no concept: enough for any floor.
_NO_CONCEPT = np.iinfo(np.int64).max

#: Images on either side that are looked at: some 100 MB. Where more are missing, floors that lack least come first.
MOST_EXCHANGES = 1 << 20


@dataclass(frozen=True)
class Shortage:
    """What was drawn, and what each concept was to keep."""

    drawn: Ints  # (V,) copies
    floor: Ints  # (V,) 0 where nothing is promised

    @functools.cached_property
    def missing(self) -> Ints:
        """(V,) copies."""
        return np.asarray(np.maximum(self.floor - self.drawn, 0))

    @functools.cached_property
    def sought(self) -> Ints:
        """(V,) copies that are to come in: ``missing``, or as many whole floors as can be looked at."""
        order = np.argsort(self.missing, kind="stable")
        kept = np.cumsum(self.missing[order]) <= MOST_EXCHANGES
        sought = np.zeros_like(self.missing)
        sought[order[kept]] = self.missing[order[kept]]
        return sought

    def spare(self, ids: Ids) -> Ints:
        """(N,) copies that the concept of each row which can spare least has above its floor; negative: it is short."""
        spare: Ints = (look_up(self.drawn, ids, _NO_CONCEPT) - look_up(self.floor, ids, 0)).min(axis=1)
        return spare

    @property
    def outgoing_limit(self) -> int:
        """Candidates to go out that are kept of each group."""
        return min(_OUTGOING_PER_MISSING * int(self.sought.sum()) + _LEAST_OUTGOING, MOST_EXCHANGES)


class Candidates(NamedTuple):
    """Rows that may change places, (C,) but for ``ids`` (C, K)."""

    sample_id: NDArray[np.uint64]
    group: Ints
    rank: Floats
    ids: Ids

    def take(self, index: NDArray[np.intp]) -> Candidates:
        return Candidates(self.sample_id[index], self.group[index], self.rank[index], self.ids[index])

    @classmethod
    def join(cls, parts: Iterable[Candidates]) -> Candidates:
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


@dataclass
class Offers:
    """The candidates of a pass, few more than can be needed. Adds up in place, in any order."""

    shortage: Shortage
    incoming: list[Candidates]
    outgoing: list[Candidates]
    pruned: int = 0  # rows that the last look left

    @classmethod
    def zero(cls, shortage: Shortage) -> Self:
        return cls(shortage, [], [])

    def empty(self) -> Self:
        """A sum of nothing, for the same shortage."""
        return self.zero(self.shortage)

    def add(self, coming: Candidates, leaving: Candidates) -> None:
        """Rows that could be drawn once more, by rising rank, and once less, by falling rank."""
        self.incoming.append(_best_incoming(coming, self.shortage.sought))
        is_kept = self.shortage.spare(leaving.ids) >= 0
        can_go = np.flatnonzero(is_kept & (leaving.ids.max(axis=1, initial=-1) >= 0))
        self.outgoing.append(_best_outgoing(leaving.take(can_go), self.shortage))

    def __iadd__(self, other: Offers) -> Self:
        self.incoming += other.incoming
        self.outgoing += other.outgoing
        if sum(len(part.sample_id) for part in (*self.incoming, *self.outgoing)) > 2 * self.pruned + _LEAST_PRUNED:
            self._prune()
        return self

    def best(self) -> tuple[Candidates, Candidates]:
        """No more than can be needed, coming and leaving; asked only where there were any rows."""
        self._prune()
        return self.incoming[0], self.outgoing[0]

    def _prune(self) -> None:
        self.incoming = [_best_incoming(Candidates.join(self.incoming), self.shortage.sought)]
        self.outgoing = [_best_outgoing(Candidates.join(self.outgoing), self.shortage)]
        self.pruned = len(self.incoming[0].sample_id) + len(self.outgoing[0].sample_id)


def _best_incoming(rows: Candidates, sought: Ints) -> Candidates:
    """For each concept that is short, as many rows of least rank as it lacks, of each group: who can leave is not
    known yet."""
    row, slot = np.nonzero(look_up(sought, rows.ids, 0))
    concept = rows.ids[row, slot]
    order = np.lexsort((rows.sample_id[row], rows.rank[row], rows.group[row], concept))
    concept, row = concept[order], row[order]
    place = np.arange(len(concept))
    is_first = np.diff(concept, prepend=-1).astype(np.bool_) | np.diff(rows.group[row], prepend=-1).astype(np.bool_)
    kept = place - np.maximum.accumulate(np.where(is_first, place, 0)) < sought[concept]
    return rows.take(np.unique(row[kept]))


def _best_outgoing(rows: Candidates, shortage: Shortage) -> Candidates:
    """As many rows of highest rank of each group as there is a limit to; those whose concepts are all above their
    floors first, since others can go only once an image has come in."""
    waits = shortage.spare(rows.ids) <= 0
    order = np.lexsort((rows.sample_id, -rows.rank, waits, rows.group))
    group = rows.group[order]
    kept = np.arange(len(group)) - np.searchsorted(group, group, side="left") < shortage.outgoing_limit
    return rows.take(order[kept])


@dataclass(frozen=True)
class Exchange:
    """The rows that change places."""

    sample_id: NDArray[np.uint64]  # (C,) rising
    change: Ints  # (C,) copies more, or less

    @classmethod
    def none(cls) -> Self:
        return cls(np.empty(0, np.uint64), np.empty(0, np.int64))

    @classmethod
    def choose(cls, offers: Offers) -> Self:
        """As many exchanges as mend every shortage, or as there can be."""
        if not offers.incoming:
            return cls.none()
        counts, floor = offers.shortage.drawn.copy(), offers.shortage.floor
        incoming, outgoing = offers.best()
        mends = np.count_nonzero(look_up(offers.shortage.sought, incoming.ids, 0), axis=1)
        order = np.lexsort((incoming.sample_id, incoming.rank, -mends))
        waiting = _Leaving(outgoing, floor)
        changed: list[tuple[int, int]] = []
        for row in order.tolist():
            held = incoming.ids[row][incoming.ids[row] >= 0]
            if (counts[held] >= floor[held]).all():
                continue
            np.add.at(counts, held, 1)
            group = int(incoming.group[row])
            waiting.came_in(group, held, counts)
            leaver = waiting.next(group, counts)
            if leaver is None:
                np.add.at(counts, held, -1)
                continue
            changed += [(int(incoming.sample_id[row]), 1), (leaver, -1)]
        ids, place = np.unique(np.array([sample_id for sample_id, _ in changed], np.uint64), return_inverse=True)
        change = np.bincount(place, np.array([one for _, one in changed], np.float64), len(ids))
        return cls(ids, np.rint(change).astype(np.int64))

    def of_rows(self, sample_ids: NDArray[np.uint64]) -> Ints:
        """(N,) change of each row's copies."""
        if not len(self.sample_id):
            return np.zeros(len(sample_ids), np.int64)
        place = np.searchsorted(self.sample_id, sample_ids).clip(max=len(self.sample_id) - 1)
        return np.where(self.sample_id[place] == sample_ids, self.change[place], 0)


class _Leaving:
    """The rows that may go out; a group's in order of falling rank. One whose concept cannot spare it waits until that
    concept can, and all its others."""

    def __init__(self, rows: Candidates, floor: Ints) -> None:
        self._rows, self._floor = rows, floor
        self._order = np.lexsort((rows.sample_id, -rows.rank))
        group = rows.group[self._order]
        places = {one: np.flatnonzero(group == one) for one in np.unique(group).tolist()}
        self._left = {one: rising.tolist() for one, rising in places.items()}  # each a heap, as it rises
        self._waiting: dict[tuple[int, int], list[int]] = {}  # places, by group and concept

    def next(self, group: int, counts: Ints) -> int | None:
        """The sample id of one whose concepts can spare it, which is then taken off ``counts``; None: there is none."""
        left = self._left.get(group, [])
        while left:
            place = heapq.heappop(left)
            row = self._order[place]
            held = self._rows.ids[row][self._rows.ids[row] >= 0]
            np.add.at(counts, held, -1)
            short = held[counts[held] < self._floor[held]]
            if not len(short):
                return int(self._rows.sample_id[row])
            np.add.at(counts, held, 1)
            self._waiting.setdefault((group, int(short[0])), []).append(place)
        return None

    def came_in(self, group: int, concepts: Ids, counts: Ints) -> None:
        """An image of ``concepts``: rows that waited for one of them and can go now are asked again."""
        for concept in concepts[counts[concepts] > self._floor[concepts]].tolist():
            if not (waiting := self._waiting.get((group, concept))):
                continue
            ids = self._rows.ids[self._order[waiting]]
            can_go = np.all((counts[ids] > self._floor[ids]) | (ids < 0), axis=1).tolist()
            if any(can_go):
                self._waiting[group, concept] = [place for place, goes in zip(waiting, can_go, strict=True) if not goes]
                for place in itertools.compress(waiting, can_go):
                    heapq.heappush(self._left[group], place)
