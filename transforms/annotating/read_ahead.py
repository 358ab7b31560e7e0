"""Read ahead on a thread, while the caller does other things.

A thread and not a process, as all that works beside the encoder: reading, decoding, hashing and the forward pass
release Python's lock, and pixels are not copied between processes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_POLL_SECS = 0.1  # until a thread that waits for room learns that nobody wants more


class ReadAhead(Iterator[T], Generic[T]):
    """``items``, iterated from now on by a thread of its own, at most ``depth`` ahead; its exceptions are raised here.

    The thread ends with the items, with :meth:`close`, and when this is no longer held.
    """

    def __init__(self, items: Iterable[T], depth: int) -> None:
        self._ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(maxsize=depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(  # which holds none of this, lest it be held for ever
            target=_read, args=(items, self._ready, self._stopped), daemon=True, name="read-ahead"
        )
        self._thread.start()

    def __next__(self) -> T:
        more, value = self._ready.get()
        if more:
            return value  # type: ignore[return-value]
        self._ready.put((False, None))  # for whoever asks once more
        if isinstance(value, BaseException):
            raise value
        raise StopIteration

    def close(self) -> None:
        """Whatever is left is not read."""
        self._stopped.set()
        self._thread.join()

    def __del__(self) -> None:
        self._stopped.set()


def _read(
    items: Iterable[T], ready: queue.Queue[tuple[bool, T | BaseException | None]], stopped: threading.Event
) -> None:
    def put(entry: tuple[bool, T | BaseException | None]) -> bool:
        while not stopped.is_set():
            try:
                ready.put(entry, timeout=_POLL_SECS)
                return True
            except queue.Full:
                continue
        return False

    try:
        for item in items:
            if not put((True, item)):
                return
        put((False, None))
    except BaseException as error:
        put((False, error))
