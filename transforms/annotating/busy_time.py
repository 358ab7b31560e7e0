"""How long a device has been at work, and for how long it might have been."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Times:
    """Seconds of one device, or of several together; ``device`` is their type."""

    device: str
    busy_secs: float
    all_secs: float

    @classmethod
    def sum(cls, several: Iterable[Times]) -> Times:
        """Of one at least."""
        devices, busy, whole = zip(*((one.device, one.busy_secs, one.all_secs) for one in several), strict=True)
        return cls(max(devices), sum(busy), sum(whole))

    @property
    def idle_share(self) -> float:
        """Of the time."""
        return max(0.0, 1 - self.busy_secs / self.all_secs) if self.all_secs else 0.0


class BusyTime:
    """A clock that runs from its making; a GPU's own events tell when it worked, as calls return before their work is
    done."""

    def __init__(self, device: torch.device) -> None:
        self._device = device.type
        self._begun = time.perf_counter()
        self._busy_secs = 0.0
        self._events: deque[tuple[Any, Any]] = deque()

    @contextmanager
    def work(self) -> Iterator[None]:
        if self._device != "cuda":
            begun = time.perf_counter()
            yield
            self._busy_secs += time.perf_counter() - begun
            return
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        begin.record()
        yield
        end.record()
        self._events.append((begin, end))
        while self._events and self._events[0][1].query():  # done by now: a worker may have a million batches
            self._take_first()

    def times(self) -> Times:
        """Up to now; waits for a GPU to have done what it was told."""
        while self._events:
            self._take_first()
        return Times(self._device, self._busy_secs, time.perf_counter() - self._begun)

    def _take_first(self) -> None:
        begin, end = self._events.popleft()
        end.synchronize()
        self._busy_secs += begin.elapsed_time(end) / 1000
