"""Progress of a stage on the terminal: what has been finished so far, how fast, and the time left.

What is counted is files that have appeared in the run folder, since that is what a resumed run will not do again, and
since it works alike on every runner: nothing has to come back from the workers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from transforms.storage import StoragePath

_LEAST_INTERVAL_SECS = 0.5
_LISTING_SHARE = 0.05  # of the time may go into listing, however long a listing takes
_READING_SECS = 0.2  # of a look go into opening new files, which is what the end of a stage may have to wait for
_LOG_INTERVAL_SECS = 30.0  # between lines where the output is a file and not a terminal


@dataclass(frozen=True)
class WatchedFiles:
    """The files that a job writes.

    ``amount_of`` tells what a finished file counts for (images in it), in ``unit``; ``total``, if known, is in files.
    """

    folder: StoragePath
    suffix: str
    total: int | None = None
    amount_of: Callable[[StoragePath], int] = lambda _: 1
    unit: str = "shards"


class StageProgress:
    """A context manager that shows one stage's progress while its job runs; no more than the time, of no files."""

    def __init__(self, console: Console, title: str, watched: WatchedFiles | None = None) -> None:
        self._watched = watched
        self._seen: set[StoragePath] = set()
        self._unread: list[StoragePath] = []
        self._amount_before = self._amount = self._amount_read = 0
        self._ended = threading.Event()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(f"{title:<12}"),
            BarColumn(bar_width=24),
            _FilesColumn(),
            _RateColumn(watched.unit if watched else ""),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._console = console
        self._title = title
        self._said_secs = 0.0
        self._task = self._progress.add_task(title, total=watched.total if watched else None, amount=0, rate=0.0)

    def __enter__(self) -> StageProgress:
        self._started = time.monotonic()
        self._look()
        self._amount_before = self._amount
        self._progress.start()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="progress")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._progress.stop()

    @property
    def elapsed_secs(self) -> float:
        return time.monotonic() - self._started

    def _watch(self) -> None:
        interval = _LEAST_INTERVAL_SECS
        while not self._ended.wait(interval):
            begun = time.monotonic()
            self._look()
            interval = max(_LEAST_INTERVAL_SECS, (time.monotonic() - begun) / _LISTING_SHARE)

    def _look(self) -> None:
        watched = self._watched
        if watched is None:
            return
        new = [path for path in watched.folder.walk() if path.name.endswith(watched.suffix) and path not in self._seen]
        self._seen.update(new)
        self._unread.extend(new)
        self._read(watched)
        read = len(self._seen) - len(self._unread)
        self._amount = round(self._amount_read * len(self._seen) / read) if read else 0
        rate = (self._amount - self._amount_before) / max(self.elapsed_secs, 1e-9)
        self._progress.update(self._task, completed=len(self._seen), amount=self._amount, rate=rate)
        if not self._console.is_terminal and self.elapsed_secs - self._said_secs > _LOG_INTERVAL_SECS:
            self._said_secs = self.elapsed_secs
            self._console.print(
                Text(f"  {self._title}: {len(self._seen):,} shards, {self._amount:,} {watched.unit}, {rate:,.0f}/s")
            )

    def _read(self, watched: WatchedFiles) -> None:
        """What finished files count for, as far as the time goes; the others are taken for such as these."""
        until = time.monotonic() + _READING_SECS
        while self._unread and time.monotonic() < until:
            self._amount_read += watched.amount_of(self._unread.pop())


class _FilesColumn(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        if not task.completed and task.total is None:
            return Text("")
        return Text(f"{task.completed:,.0f}" + (f"/{task.total:,.0f} shards" if task.total else " shards"))


class _RateColumn(TextColumn):
    def __init__(self, unit: str) -> None:
        super().__init__("")
        self._unit = unit

    def render(self, task: Task) -> Text:
        if not task.fields["amount"]:
            return Text("")
        return Text(f"{task.fields['amount']:,} {self._unit}, {task.fields['rate']:,.0f}/s")
