"""The run folder of an instruction mixture: rows once, and of each stage its edits, facts and rejects, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transforms.run_folder import RunFolder
from transforms.stages import DECONTAMINATE, EDITS, FACTS, JOINED, MADE, MIX, PUBLISH, STANDARDISE
from transforms.storage import StoragePath


@dataclass(frozen=True)
class InstructFolder(RunFolder):
    """``chain`` are the names of the stages of this run, in its order. ``fingerprints`` are those that their files
    carry: of a stage's own settings and of all that came before, so that one can be made again without the others."""

    chain: tuple[str, ...] = ()
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def before(self, stage: str) -> tuple[str, ...]:
        """The stages whose work ``stage`` sees."""
        return self.chain[: self.chain.index(stage)]

    def rows(self, source: str, part: str) -> StoragePath:
        return self._of_part(STANDARDISE.writes[0], source, part)

    def edits(self, stage: str, source: str, part: str) -> StoragePath:
        return self._of_part(f"{EDITS}/{stage}", source, part)

    def joined(self, source: str, part: str) -> StoragePath:
        return self._of_part(JOINED, source, part)

    def made(self, stage: str, source: str, part: str) -> StoragePath:
        """Rows that ``stage`` made of those of the part; there where it made any."""
        return self._of_part(f"{MADE}/{stage}", source, part)

    def facts(self, stage: str, source: str, part: str) -> StoragePath:
        """There for each part that a stage has done, last of all that it writes of it."""
        return self._of_part(f"{FACTS}/{stage}", source, part)

    def selection(self, source: str, shard: str) -> StoragePath:
        return self._of_part(MIX.writes[0], source, shard)

    @property
    def contamination_certificate(self) -> StoragePath:
        return self.root / DECONTAMINATE.writes[1] / "certificate.json"

    @property
    def mixture(self) -> StoragePath:
        return self.root / PUBLISH.writes[0]

    def _of_part(self, folder: str, source: str, part: str) -> StoragePath:
        return self.root / f"{folder}/{source}/{part}.parquet"
