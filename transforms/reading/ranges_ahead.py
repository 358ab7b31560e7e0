"""What will be read next of a file in a store, fetched before it is asked for: ranges of 8 MiB, some at a time.

A store answers each request late, and gives one connection a part of the line only: at 40 ms and 50 MB/s one MiB after
the other comes at 17 MB/s, and six ranges of 8 MiB in flight at 240.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from transforms.reading.range_reader import RangeReader

RANGE_BYTES = 8 << 20
RANGES_IN_FLIGHT = 6  # with the one that is being used, 56 MiB a file
#: Between two stretches that are wanted, bytes are read and thrown away up to here. The line is shared by many requests
#: in flight, whose latency costs nothing then: so no more than captions and records between images.
MOST_GAP_BYTES = 1 << 16


@dataclass
class _Piece:
    """``left_bytes``: of what is wanted of it, not handed out yet."""

    begin: int
    end: int
    left_bytes: int


class RangesAhead:
    """Fetches ranges in the order in which they will be asked for; one thread asks. Each byte is handed out once.

    Memory: the ranges in flight, and those that came and were not asked for, together RANGES_IN_FLIGHT of them.
    """

    def __init__(self, reader: RangeReader) -> None:
        self._reader = reader
        self._pool = ThreadPoolExecutor(RANGES_IN_FLIGHT, "fetch")
        self._planned: deque[_Piece] = deque()
        self._fetched: list[tuple[_Piece, Future[bytes]]] = []

    def begin(self) -> None:
        """Fetch the first range before it is known what will be wanted; :meth:`plan` tells it then."""
        end = min(RANGE_BYTES, self._reader.size_bytes)
        self._fetched.append((_Piece(0, end, sys.maxsize), self._start(0, end)))

    def plan(self, stretches: Iterable[tuple[int, int]]) -> None:
        """Stretches (begin, end) of the file that will be read, each once and whole, in about this order."""
        wanted = list(stretches)
        begun = self._settle_begun(wanted)
        left = [(max(start, begun), end) for start, end in wanted if end > begun]
        self._planned = deque(_pieces(left, self._reader.size_bytes))
        self._fetch_more()

    def _settle_begun(self, wanted: Sequence[tuple[int, int]]) -> int:
        """Up to where all that is wanted is fetched already; what was begun in vain is let go."""
        if not self._fetched:
            return 0
        ((piece, fetching),) = self._fetched
        piece.left_bytes = sum(max(min(end, piece.end) - start, 0) for start, end in wanted)
        if piece.left_bytes == 0:
            fetching.cancel()
            self._fetched.clear()
        return piece.end

    def _fetch_more(self) -> None:
        while len(self._fetched) < RANGES_IN_FLIGHT and self._planned:
            piece = self._planned.popleft()
            if piece.left_bytes > 0:
                self._fetched.append((piece, self._start(piece.begin, piece.end)))

    def _start(self, begin: int, end: int) -> Future[bytes]:
        return self._pool.submit(self._reader.read, begin, end - begin)

    def read(self, offset: int, size_bytes: int) -> Iterator[memoryview]:
        """What stands from ``offset`` on, in pieces, to the end of the file at most."""
        end = max(min(offset + size_bytes, self._reader.size_bytes), offset)
        while offset < end:
            found = next((entry for entry in self._fetched if entry[0].begin <= offset < entry[0].end), None)
            if found is None:
                known = (piece.begin for piece, _ in self._fetched if offset < piece.begin < end)
                until = min(known, default=end)
                yield from self._fetch_unplanned(offset, until)
            else:
                until = min(end, found[0].end)
                yield self._of_piece(*found, offset, until)
            offset = until

    def _of_piece(self, piece: _Piece, fetching: Future[bytes], begin: int, end: int) -> memoryview:
        """Part of what was fetched; of the last of it, the next one is begun."""
        fetched = memoryview(fetching.result())[begin - piece.begin : end - piece.begin]
        piece.left_bytes -= end - begin
        if piece.left_bytes <= 0:
            self._fetched.remove((piece, fetching))
            self._fetch_more()
        return fetched

    def _fetch_unplanned(self, begin: int, end: int) -> Iterator[memoryview]:
        """Several ranges at a time."""
        for piece in self._planned:  # what was asked for before its turn is not fetched again
            piece.left_bytes -= max(min(end, piece.end) - max(begin, piece.begin), 0)
        if end - begin <= RANGE_BYTES:
            yield memoryview(self._reader.read(begin, end - begin))
            return
        waiting: deque[Future[bytes]] = deque()
        starts = iter(range(begin, end, RANGE_BYTES))
        try:
            while True:
                while len(waiting) < RANGES_IN_FLIGHT and (start := next(starts, None)) is not None:
                    waiting.append(self._start(start, min(start + RANGE_BYTES, end)))
                if not waiting:
                    return
                yield memoryview(waiting.popleft().result())
        finally:
            for fetching in waiting:
                fetching.cancel()

    def close(self) -> None:
        for _, fetching in self._fetched:
            fetching.cancel()
        self._pool.shutdown(cancel_futures=True)
        self._fetched.clear()


def _pieces(stretches: Iterable[tuple[int, int]], size_bytes: int) -> Iterator[_Piece]:
    """Neighbours joined, and all cut to RANGE_BYTES at most."""
    joined: _Piece | None = None
    for begin, stretch_end in stretches:
        end = min(stretch_end, size_bytes)
        if joined is not None and 0 <= begin - joined.end <= MOST_GAP_BYTES and end - joined.begin <= RANGE_BYTES:
            joined.end = end
            joined.left_bytes += end - begin
            continue
        if joined is not None:
            yield joined
            joined = None
        while end - begin > RANGE_BYTES:
            yield _Piece(begin, begin + RANGE_BYTES, RANGE_BYTES)
            begin += RANGE_BYTES
        if begin < end:
            joined = _Piece(begin, end, end - begin)
    if joined is not None:
        yield joined
