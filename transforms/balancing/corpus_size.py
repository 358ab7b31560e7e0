"""How large the corpus is that is balanced, as far as it is known before anything is read."""

from __future__ import annotations

import math
from typing import NamedTuple

#: Shards whose sums are added up at once: in a job so small, more steps take longer than they save.
_ALONE = 1000
_MOST_GROUPS = 24  # each hands one sum on, of 10 MB at most: no group is above 256 MB


class CorpusSize(NamedTuple):
    """``rows``: None where they are not known."""

    shards: int
    rows: int | None = None

    @property
    def groups(self) -> int:
        """In which what shards give is added up before it is added up to one."""
        return 1 if self.shards <= _ALONE else min(_MOST_GROUPS, math.isqrt(self.shards))


SMALL = CorpusSize(1)
