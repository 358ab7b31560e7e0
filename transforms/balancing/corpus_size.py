"""How large the corpus is that is balanced, as far as it is known before anything is read."""

from __future__ import annotations

from typing import NamedTuple

#: Shards whose sums are added up by one worker: 0.4 MB each, compressed, of 10,000 rows and 500,000 concepts, so their
#: group stays below 256 MB where each sends its own, and one is dealt a fifth more than its share. In a job so small
#: more steps take longer than they save.
_ALONE = 500
_FAN_IN = 24  # sums of groups that one worker adds up: they grow with what they hold, to 10 MB


class CorpusSize(NamedTuple):
    """``rows``: None where they are not known."""

    shards: int
    rows: int | None = None

    @property
    def groups(self) -> tuple[int, ...]:
        """How many groups what shards give is added up in, by level, before it is added up to one."""
        levels = 0
        while self.shards > _ALONE * _FAN_IN**levels:
            levels += 1
        return tuple(_FAN_IN**level for level in range(levels, 0, -1))


SMALL = CorpusSize(1)
