"""Whether an input is still what rows were made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import xxhash

from transforms.datasets import read_metadata
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.rows import Row
from transforms.instruct.settings import InstructSource
from transforms.instruct.standardising import standardise
from transforms.rejects import Reject
from transforms.stages import STANDARDISE, Stage

INPUT_DIGEST = "input_digest"  # in the footer of rows


class RowsDigest:
    """Grows by the rows and rejects of a part in their order; equal where every one is, to the hashes of its media."""

    def __init__(self) -> None:
        self._hash = xxhash.xxh3_128()

    def take(self, one: Row | Reject) -> None:
        self._hash.update(xxhash.xxh3_128_digest(ascii(tuple(one) if isinstance(one, Reject) else _values(one))))

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _values(row: Row) -> tuple[object, ...]:
    return (row.key, row.source_record, [(one.content_hash, one.member, one.offset) for one in row.media])


@dataclass(frozen=True)
class StandardisedInputs:
    """Parts, and the rows that were made of them. Media are compared where the file of the records has changed."""

    folder: InstructFolder
    inputs: Sequence[InstructPart]
    sources: Mapping[str, InstructSource]

    stage: Stage = STANDARDISE
    done: str = "standardised"

    def made(self) -> list[InstructPart]:
        there = set((self.folder.root / STANDARDISE.writes[0]).walk())
        return [part for part in self.inputs if self.folder.rows(part.source, part.name) in there]

    def is_changed(self, part: InstructPart) -> bool:
        """Reads the part and its media; False where nothing was made of it."""
        path = self.folder.rows(part.source, part.name)
        if not path.is_file():
            return False
        digest = RowsDigest()
        for one in standardise(part, self.sources[part.source]):
            digest.take(one)
        return read_metadata(path, self.folder.fingerprints[self.stage.name]).get(INPUT_DIGEST) != digest.hexdigest()

    def remove(self, changed: Sequence[InstructPart]) -> None:
        for part in changed:
            name = (part.source, part.name)
            for path in (self.folder.rows(*name), self.folder.rejects(self.stage.name, *name)):
                path.remove()
