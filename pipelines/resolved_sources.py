"""Sources of a configuration as workers take them, whose working directory may be another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, TypeVar

from transforms.storage import absolute


class _Source(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def media(self) -> str | None: ...
    def model_copy(self, *, update: dict[str, str | None]) -> Self: ...


SourceT = TypeVar("SourceT", bound=_Source)


def resolved(sources: Sequence[SourceT]) -> list[SourceT]:
    """With absolute paths; raises ValueError for two of one name."""
    names = [source.name for source in sources]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two sources are called {repeated[0]!r}; names must differ")
    return [
        source.model_copy(
            update={"path": absolute(source.path), "media": absolute(source.media) if source.media else None}
        )
        for source in sources
    ]
