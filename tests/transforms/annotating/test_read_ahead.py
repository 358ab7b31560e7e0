"""Reading ahead keeps order, bounds memory, passes errors on, and ends when its consumer does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from transforms.annotating.read_ahead import ReadAhead


def test_it_begins_at_once_and_is_not_far_ahead() -> None:
    taken = []

    def source() -> Iterator[int]:
        for i in range(100):
            taken.append(i)
            yield i

    ahead = ReadAhead(source(), depth=3)
    time.sleep(0.2)
    assert 3 <= len(taken) <= 4  # 3 waiting, 1 in the reader's hand
    assert next(ahead) == 0
    time.sleep(0.2)
    assert 4 <= len(taken) <= 5
    assert list(ahead) == list(range(1, 100))


def test_read_ahead_raises_what_the_source_raised() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    ahead = ReadAhead(source(), depth=2)
    assert next(ahead) == 1
    with pytest.raises(ZeroDivisionError):
        next(ahead)
    assert list(ahead) == []


def test_read_ahead_stops_with_its_consumer() -> None:
    before = threading.active_count()
    ahead = ReadAhead(iter(int, 1), depth=2)  # without end
    next(ahead)
    ahead.close()
    assert threading.active_count() == before


def test_it_ends_with_whoever_holds_it() -> None:
    ahead = ReadAhead(iter(int, 1), depth=2)
    thread = ahead._thread
    del ahead
    thread.join(timeout=10)
    assert not thread.is_alive()
