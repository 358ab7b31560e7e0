"""What this process used while a block ran, and what a stage left."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transforms.planning.usage import Usage
from transforms.stages import REJECTS, Stage
from transforms.storage import StoragePath

_READ = re.compile(r"^rchar: (\d+)$", re.MULTILINE)


@contextmanager
def metered(shuffled_bytes: Callable[[], float]) -> Iterator[Callable[[], Usage]]:
    """Gives a function that tells, after the block, what it used: seconds of cores, of all threads of this process,
    bytes that it read from files, and grouped by key as ``shuffled_bytes`` counts them."""
    cpu_secs, read, shuffled = time.process_time(), _read_bytes(), shuffled_bytes()
    used = Usage()
    yield lambda: used
    used = Usage(
        cpu_secs=time.process_time() - cpu_secs,
        read_bytes=_read_bytes() - read,
        shuffled_bytes=shuffled_bytes() - shuffled,
    )


def left_by(stage: Stage, root: StoragePath) -> Usage:
    """The files of a stage in a run folder."""
    folders = [*stage.writes, *stage.may_write, f"{REJECTS}/{stage.name}"]
    files = [file for name in folders for file in (root / name).stored_below()]
    files += [file for name in folders if (file := (root / name).stored())]
    return Usage(stored_bytes=sum(file.size_bytes for file in files), files=len(files))


def _read_bytes() -> float:
    """By all reads of files until now; 0 where the system (another than Linux) does not tell."""
    try:
        with open("/proc/self/io", encoding="ascii") as told:
            found = _READ.search(told.read())
    except OSError:
        return 0.0
    return float(found[1]) if found else 0.0
