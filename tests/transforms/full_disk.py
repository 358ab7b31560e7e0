"""A disk that is full from a certain size of file on, without a disk of its own: the system's limit of file sizes."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def no_file_over(size_bytes: int) -> Iterator[None]:
    """Writing beyond fails with EFBIG, as on a full disk with ENOSPC: Python ignores the signal that would kill it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
