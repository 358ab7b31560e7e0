"""The parts of a run, for a stage that asks: what is to be asked of those that are not done, and what came of it."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transforms.datasets import ShardName, read_table
from transforms.errors import RunFolderError
from transforms.instruct.asking.cache import ReplyCache
from transforms.instruct.asking.reply import Reply
from transforms.instruct.asking.request import Request
from transforms.instruct.asking.section import AskedStage
from transforms.instruct.chain.again import written_keys
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import done_before, read_rows, write_outcome
from transforms.instruct.rows import Row
from transforms.rejects import Counts
from transforms.stages import stage_named


@dataclass(frozen=True)
class AskedParts:
    """``written_only``: rows of which a model wrote something; the others go on as they are."""

    folder: InstructFolder
    stage: str
    asked: AskedStage
    cache: str
    written_only: bool = False

    def requests(self, names: Sequence[ShardName]) -> Iterator[Request]:
        """Of the parts that are not done, one part in memory."""
        for name in names:
            if done_before(self.folder, self.stage, name) is None:
                yield from self.asked.requests(self._asked_of(name, read_rows(self.folder, name, self.stage)))

    def judge(self, name: ShardName) -> Counts:
        """Raises RunFolderError where a reply is not in the cache."""
        counts = done_before(self.folder, self.stage, name)
        if counts is not None:
            return counts
        rows = read_rows(self.folder, name, self.stage)
        outcome = self.asked.judge(self._asked_of(name, rows), functools.partial(reply_from, self.cache))
        return write_outcome(self.folder, self.stage, name, [row.key for row in rows], outcome)

    def _asked_of(self, name: ShardName, rows: Sequence[Row]) -> Sequence[Row]:
        if not self.written_only:
            return rows
        written = written_keys(self.folder, name, self.stage)
        return [row for row in rows if row.key in written]


def reply_from(cache: str, key: bytes) -> Reply:
    """Raises RunFolderError where there is none: it was not asked, or not with this cache."""
    found = _open(cache).get(key)
    if found is None:
        raise RunFolderError(f"a reply is missing in {cache}: run the same command again, it asks for it")
    return found


@functools.lru_cache(4)
def _open(cache: str) -> ReplyCache:
    """Once a process."""
    return ReplyCache.read_only(cache)


def verdicts(folder: InstructFolder, stage: str, names: Sequence[ShardName]) -> dict[str, int]:
    """Edits of a stage that is done, by what was said of them."""
    found: Counter[str] = Counter()
    if f"edits/{stage}" not in stage_named(stage).may_write:
        return {}
    for name in names:
        path = folder.edits(stage, *name)
        if path.is_file():
            found.update(read_table(path, folder.fingerprints[stage], ["verdict"])["verdict"].to_pylist())
    return dict(sorted(found.items()))
