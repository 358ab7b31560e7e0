"""Reading ahead keeps order, bounds memory, passes errors on, and ends when its consumer does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from transforms.annotating.read_ahead import read_ahead


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
