"""Whether an input is still what was packed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from transforms.packing.inputs import InputGroup, PackInput
from transforms.packing.job.groups import GroupOutcome, PackJob, input_name, outcome_path, read_documents, read_outcome
from transforms.packing.job.input_digest import InputDigest
from transforms.run_folder import RunFolder
from transforms.stages import PACK, Stage


@dataclass(frozen=True)
class PackedInputs:
    """Groups of inputs, and what pack made of them.

    The files that records name are no inputs of their own: they are compared where the file of the records has changed.
    """

    job: PackJob
    groups: Sequence[InputGroup]

    stage: Stage = PACK
    done: str = "packed"

    @property
    def folder(self) -> RunFolder:
        return self.job.folder

    @property
    def inputs(self) -> list[PackInput]:
        return [part for group in self.groups for part in group.inputs]

    @cached_property
    def _outcomes(self) -> dict[int, GroupOutcome]:
        """Of the groups that are packed, by number."""
        paths = {group.number: outcome_path(self.job, group.number) for group in self.groups}
        return {
            number: read_outcome(path, self.folder.fingerprint, number)
            for number, path in paths.items()
            if path.is_file()
        }

    @cached_property
    def _digests(self) -> dict[str, str]:
        """What was packed of each input, by its name."""
        return {name: digest for outcome in self._outcomes.values() for name, digest in outcome.inputs.items()}

    def made(self) -> list[PackInput]:
        """Those that were packed."""
        return [part for part in self.inputs if input_name(part) in self._digests]

    def is_changed(self, part: PackInput) -> bool:
        """Reads the input and what it shows; False where it has not been packed."""
        if (packed := self._digests.get(input_name(part))) is None:
            return False
        digest = InputDigest()
        for _ in digest.taking(read_documents(part, self.job)):
            pass
        return digest.hexdigest() != packed

    def remove(self, changed: Iterable[PackInput]) -> None:
        """What was made of these and of those packed with them. The outcome of a group goes last: without it, its
        shards would not be known."""
        names = {input_name(part) for part in changed}
        for outcome in self._outcomes.values():
            if names & outcome.inputs.keys():
                for shard in outcome.shards:
                    for file in (shard.file, f"{shard.file}.idx"):
                        (self.job.packed / file).remove()
                outcome_path(self.job, outcome.group).remove()
