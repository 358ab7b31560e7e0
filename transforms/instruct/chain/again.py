"""A gate that stands twice in a chain: the same work, done a second time on what came after the first.

The room of a gate knows it by one name. Its second time sees the run folder with the two names exchanged: what it
writes lies under the second, and what the first found out is one of the stages before it, like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from transforms.datasets import ShardName, read_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.schema import KEPT
from transforms.stages import WRITING, Stage
from transforms.storage import StoragePath

_MAKERS = frozenset(stage.name for stage in WRITING if stage.makes_rows)


@dataclass(frozen=True)
class AgainFolder(InstructFolder):
    """``first`` and ``second`` are exchanged, in all that it says and is asked."""

    first: str = ""
    second: str = ""

    @classmethod
    def of(cls, folder: InstructFolder, first: Stage, second: Stage) -> AgainFolder:
        names = {first.name: second.name, second.name: first.name}
        chain = tuple(names.get(name, name) for name in folder.chain)
        prints = {names.get(name, name): value for name, value in folder.fingerprints.items()}
        return cls(folder.root, folder.fingerprint, chain, prints, first.name, second.name)

    def edits(self, stage: str, source: str, part: str) -> StoragePath:
        return super().edits(self._lies(stage), source, part)

    def facts(self, stage: str, source: str, part: str) -> StoragePath:
        return super().facts(self._lies(stage), source, part)

    def rejects(self, stage: str, source: str, shard: str) -> StoragePath:
        return super().rejects(self._lies(stage), source, shard)

    def counts(self, stage: str) -> StoragePath:
        return super().counts(self._lies(stage))

    def _lies(self, stage: str) -> str:
        return {self.first: self.second, self.second: self.first}.get(stage, stage)


def written_keys(folder: InstructFolder, name: ShardName, before: str) -> set[str]:
    """Of the rows of a part of which a model wrote something, in the stages before ``before``."""
    found: set[str] = set()
    writing = [stage.name for stage in WRITING if stage.name in folder.before(before)]
    for stage in writing:
        path = folder.edits(stage, *name)
        if path.is_file():
            table = read_table(path, folder.fingerprints[stage], ["key", "verdict"])
            found.update(table.filter(pc.equal(table["verdict"], KEPT))["key"].to_pylist())
        if stage in _MAKERS and (made := folder.made(stage, *name)).is_file():
            found.update(read_table(made, folder.fingerprints[stage], ["key"])["key"].to_pylist())
    return found
