"""One part: which rows may be made anything of, what is made, and whether the gates let it through."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from transforms.datasets import ShardName, read_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Outcome
from transforms.instruct.chain.part_files import done_before, read_rows, write_outcome
from transforms.instruct.composing.making import Composer
from transforms.instruct.composing.settings import ComposeSettings
from transforms.instruct.composing.wording import Wording, read_wording
from transforms.instruct.safety.gate import SafetyGate
from transforms.instruct.validating.judging import judge_rows
from transforms.instruct.validating.settings import ValidateSettings
from transforms.rejects import Counts
from transforms.stages import COMPOSE, SAFETY, STANDARDISE, VALIDATE
from transforms.storage import StoragePath


@dataclass(frozen=True)
class ComposeJob:
    """What every worker knows. ``declared``: the language of sources that say theirs."""

    folder: InstructFolder
    settings: ComposeSettings
    seed: int
    gate: SafetyGate
    validate: ValidateSettings
    declared: Mapping[str, str]

    def work(self, name: ShardName) -> Counts:
        """Writes the part unless it is done; returns its counts."""
        counts = done_before(self.folder, COMPOSE.name, name)
        if counts is not None:
            return counts
        rows = read_rows(self.folder, name, COMPOSE.name)
        outcome = Outcome()
        if self.settings.share:
            marked = self._marked(name)
            composer = Composer(
                self.settings, _wording(self.settings.wording_file), self.seed, f"{name.source}/{name.shard}"
            )
            outcome.made = composer.rows(rows, [row for row in rows if row.key not in marked])
            self._ask_gates(outcome)
        return write_outcome(self.folder, COMPOSE.name, name, [row.key for row in rows], outcome)

    def _marked(self, name: ShardName) -> set[str]:
        """Rows of which a stage found something, as a benchmark's picture: of what is made of them it would have to be
        found again."""
        found: set[str] = set()
        for stage in self.folder.before(COMPOSE.name):
            if stage != STANDARDISE.name:
                path, prints = self.folder.facts(stage, *name), self.folder.fingerprints[stage]
                for one in read_table(path, prints, ["key", "safety", "conflicts"]).to_pylist():
                    if one["safety"] or one["conflicts"]:
                        found.add(one["key"])
        return found

    def _ask_gates(self, outcome: Outcome) -> None:
        """Texts that are new, of rows whose pictures and words have passed by themselves."""
        stages = self.folder.before(COMPOSE.name)
        rows = outcome.made
        if SAFETY.name in stages:
            judged = self.gate.judge_texts(rows)
            outcome.edits, outcome.facts, outcome.rejects = judged.edits, judged.facts, judged.rejects
        if VALIDATE.name in stages:
            gone = {reject.key for reject in outcome.rejects}
            left = [row for row in rows if row.key not in gone]
            outcome.rejects += judge_rows(left, self.validate, self.declared).rejects


@functools.lru_cache(1)
def _wording(path: StoragePath) -> Wording:
    """Once a worker."""
    return read_wording(path)
