"""SIGINT (Ctrl-C) and SIGTERM while a command runs: it says what is kept, and ends within seconds with all workers.

Nothing is finished first, unlike in training: whatever takes long leaves its files one by one, and goes on from them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import ClassVar

from rich.console import Console
from rich.text import Text

_PATIENCE_SECS = 3.0  # for what still runs on other threads, and cannot be told to stop
_MESSAGE = "files that were finished are kept, and the same command goes on from there."


class StoppedBySignal(BaseException):
    """Raised in the main thread; not an Exception, so that nobody takes it for a failure of what runs."""


@contextlib.contextmanager
def patience(secs: float) -> Iterator[None]:
    """A signal that comes within leaves so long for what must be said elsewhere; a second one ends the process."""
    StopOnSignal.patience_secs = secs
    try:
        yield
    finally:
        StopOnSignal.patience_secs = _PATIENCE_SECS


class StopOnSignal:
    """A context whose process ends, when a signal comes, with 128 + its number, as a shell counts."""

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)
    patience_secs: ClassVar[float] = _PATIENCE_SECS

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    def __enter__(self) -> StopOnSignal:
        for number in self._SIGNALS:
            signal.signal(number, self._stop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self.received is not None:  # whatever the error: workers may have had the signal too
            self._end()
        for number in self._SIGNALS:
            signal.signal(number, signal.SIG_DFL)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        for other in self._SIGNALS:
            signal.signal(other, signal.SIG_DFL)  # a second one ends the process at once
        timer = threading.Timer(self.patience_secs, self._end)
        timer.daemon = True
        timer.start()
        raise StoppedBySignal

    def _end(self) -> None:
        """Not by ``sys.exit``, which waits for threads. Workers end with this process, whatever they are doing."""
        assert self.received is not None
        how = "Ctrl-C" if self.received is signal.SIGINT else self.received.name
        sys.stdout.flush()
        # not sys.stderr, which may be muted where the signal came
        message = Text.assemble(("stopped", "bold yellow"), f" by {how}: {_MESSAGE}")
        Console(file=sys.__stderr__).print(message, soft_wrap=True)
        os._exit(128 + self.received)
