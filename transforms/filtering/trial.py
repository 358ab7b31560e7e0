"""What the rules would drop, each alone and all together; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.filtering.common_captions import find_common
from transforms.filtering.rules import rules_of
from transforms.filtering.settings import FilterSettings
from transforms.filtering.shards import judge_shard, read_captions
from transforms.run_folder import RunFolder


@dataclass(frozen=True)
class RuleTrial:
    """``alone`` rows would go if there were no other rule; of ``first`` rows it would be the reason."""

    setting: str
    reason: str
    alone: int
    first: int


@dataclass(frozen=True)
class Trial:
    """Of ``rows`` that were annotated."""

    rows: int
    rules: tuple[RuleTrial, ...]

    @property
    def dropped(self) -> int:
        return sum(rule.first for rule in self.rules)


def try_rules(
    folder: RunFolder, names: Iterable[ShardName], settings: FilterSettings, blocked: Sequence[str] = ()
) -> Trial:
    """Reads the columns that the rules look at, a shard at a time; for ``max_caption_images``, captions before."""
    shards = list(names)
    common = _common(folder, shards, settings.max_caption_images)
    rules = rules_of(settings, blocked, common)
    alone, first = np.zeros(len(rules), np.int64), np.zeros(len(rules), np.int64)
    rows = 0
    for name in shards:
        masks = judge_shard(folder, name, rules)
        rows += masks.shape[1]
        if rules:
            alone += masks.sum(axis=1)
            first += np.bincount(masks.argmax(axis=0)[masks.any(axis=0)], minlength=len(rules))
    told = zip(rules, alone.tolist(), first.tolist(), strict=True)
    return Trial(rows, tuple(RuleTrial(rule.setting, str(rule.reason), a, f) for rule, a, f in told))


def _common(folder: RunFolder, shards: list[ShardName], most: int | None) -> NDArray[np.uint64] | None:
    """The hashes of all captions of the corpus that are too common; None where that is not asked."""
    if most is None:
        return None
    counted = [read_captions(folder, number, name) for number, name in enumerate(shards)]
    found = [hashes for _, hashes in find_common(counted, most)] if counted else []
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)
