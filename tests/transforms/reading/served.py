"""A file in a store, or on a disk, that says what was read of it, and whose reads break where that is asked for."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa

from transforms.storage import StoragePath

#: What becomes of a read: it gives so many bytes at most, or fails.
Outcome = int | OSError
WHOLE = 1 << 62


class Served(StoragePath):
    """A path whose bytes are in memory. The first reads go as ``outcomes`` say, all later ones are whole.

    ``reads`` are offset and size of each read; ``connections`` how often it was opened; ``opened`` what that gave.
    """

    def __init__(self, data: bytes, *outcomes: Outcome, root: str = "mem://store", name: str = "a.bin") -> None:
        for field, value in (("path", f"store/{name}" if root else f"/{name}"), ("root", root)):
            object.__setattr__(self, field, value)
        self.__dict__.update(data=data, outcomes=list(outcomes), reads=[], connections=0, opened=[])

    def open_random(self) -> pa.NativeFile:
        self.__dict__["connections"] += 1
        self.__dict__["opened"].append(_Connection(self))
        return pa.PythonFile(self.__dict__["opened"][-1], "r")


class _Connection(io.BytesIO):
    def __init__(self, path: Any) -> None:
        super().__init__(path.data)
        self._path = path
        self._lost: OSError | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = WHOLE if size is None or size < 0 else size
        outcome = self._path.outcomes.pop(0) if self._path.outcomes else WHOLE
        self._path.reads.append((self.tell(), wanted))
        self._lost = outcome if isinstance(outcome, OSError) else self._lost  # for good: another is to be opened
        if self._lost is not None:
            raise self._lost
        assert isinstance(outcome, int)
        return super().read(min(wanted, outcome))
