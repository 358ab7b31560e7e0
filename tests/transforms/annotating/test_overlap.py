"""Overlapping work keeps order, bounds memory, passes errors on, and ends when its consumer does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from transforms.annotating.overlap import map_ordered, read_ahead


def test_read_ahead_runs_ahead_but_not_far() -> None:
    taken = []

    def source() -> Iterator[int]:
        for i in range(100):
            taken.append(i)
            yield i

    ahead = read_ahead(source(), depth=3)
    assert next(ahead) == 0
    time.sleep(0.2)
    assert 3 <= len(taken) <= 6  # 3 waiting, 1 taken, 1 in the reader's hand
    assert list(ahead) == list(range(1, 100))


def test_read_ahead_raises_what_the_source_raised() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    ahead = read_ahead(source(), depth=2)
    assert next(ahead) == 1
    with pytest.raises(ZeroDivisionError):
        next(ahead)


def test_read_ahead_stops_with_its_consumer() -> None:
    before = threading.active_count()
    ahead = read_ahead(iter(int, 1), depth=2)  # without end
    next(ahead)
    ahead.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_map_ordered_keeps_order_and_bounds_what_is_under_way() -> None:
    running = 0
    most = 0
    lock = threading.Lock()

    def slow(i: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002 * (i % 3))
        with lock:
            running -= 1
        return i * i

    with ThreadPoolExecutor(4) as pool:
        assert list(map_ordered(slow, range(50), pool, window=8)) == [i * i for i in range(50)]
    assert 1 < most <= 4


def test_map_ordered_raises_in_its_place() -> None:
    with ThreadPoolExecutor(2) as pool:
        results = map_ordered(lambda i: 6 // i, [3, 2, 0, 1], pool, window=4)
        assert [next(results), next(results)] == [2, 3]
        with pytest.raises(ZeroDivisionError):
            next(results)
