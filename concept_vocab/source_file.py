"""What sources ask of a file, so that they read from any storage: paths of other packages fit as they are."""

from __future__ import annotations

from typing import Any, Protocol


class SourceFile(Protocol):
    """A file that is there; picklable."""

    @property
    def name(self) -> str: ...

    def __hash__(self) -> int: ...

    def size_bytes(self) -> int: ...

    def open_stream(self) -> Any:
        """Binary, from start to end."""

    def open_random(self) -> Any:
        """Binary, with ``seek`` and ``read``."""

    def read_bytes(self) -> bytes: ...
