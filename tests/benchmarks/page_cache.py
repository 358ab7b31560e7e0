"""A machine whose memory is taken, as it is when it has been at work for a while.

How fast a file is written depends on where its pages come from. Here, the same loop of plain writes ran at 4 GB/s into
memory that had just been freed, and at 0.4 GB/s a few seconds later, when the hypervisor had taken the free memory
back and gave each page anew. What is measured first after a deletion, or ends sooner, then looks better than it is. So
free memory is filled with the page cache of a file, before each measurement; pages then come from that cache. It is not
perfect: a kernel may free what was not used for seconds (DAMON; 0.2 GB/s here), so take more than one turn.
"""

from __future__ import annotations

import os
import pathlib
import re

_LEFT_FREE_BYTES = 256 << 20  # about what the kernel keeps free itself
_BLOCK_BYTES = 1 << 20


class PageCache:
    """Fills free memory with pages of a file of its own, somewhat larger than the machine's memory."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._file = folder / "page-cache"
        self._size = _memory("MemTotal") // 8 * 9 // _BLOCK_BYTES * _BLOCK_BYTES
        self._offset = 0
        block = os.urandom(_BLOCK_BYTES)
        with self._file.open("wb") as file:
            for _ in range(self._size // _BLOCK_BYTES):
                file.write(block)
        os.sync()

    def fill(self) -> None:
        """Read on through the file until no memory is free."""
        block = memoryview(bytearray(_BLOCK_BYTES))
        with self._file.open("rb", buffering=0) as file:
            for number in range(self._size // _BLOCK_BYTES):
                if number % 32 == 0 and _memory("MemFree") < _LEFT_FREE_BYTES:
                    break
                file.seek(self._offset)
                file.readinto(block)
                self._offset = (self._offset + _BLOCK_BYTES) % self._size


def _memory(what: str) -> int:
    """Bytes, as Linux tells them."""
    found = re.search(rf"^{what}:\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10
