"""One run of the instruction chain as it was opened: what its jobs take their part from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.engine.engine import Engine
from pipelines.instruct.miniature import draw
from pipelines.instruct.settings import InstructSettings
from transforms.configuration import fingerprint
from transforms.datasets import ShardName
from transforms.errors import OtherSettingsError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.reading.inputs import InstructPart, list_parts
from transforms.instruct.settings import InstructSource
from transforms.run_folder import RunState, differences, stage_fingerprints
from transforms.stages import STANDARDISE, Stage, stage_named
from transforms.storage import StoragePath
from transforms.verifying.listing import folders_of
from transforms.verifying.repair import go_back


@dataclass(frozen=True)
class InstructRun:
    """Its settings, its inputs as listed, its folder and state, and the engine that runs its jobs."""

    settings: InstructSettings
    engine: Engine
    console: Console
    accept_changed: bool = False  # inputs that are not what was read are read again
    remake: bool = False  # stages of other settings are made again

    def draw(self) -> None:
        """The embedded sets, where they are asked for and not there yet."""
        if self.settings.miniature is not None:
            draw(self.settings.miniature, self.console)

    @cached_property
    def inputs(self) -> list[InstructPart]:
        return [part for source in self.settings.sources for part in list_parts(source, self.settings.range_bytes)]

    @cached_property
    def sources(self) -> Mapping[str, InstructSource]:
        return {source.name: source for source in self.settings.sources}

    @property
    def part_names(self) -> list[ShardName]:
        return [ShardName(part.source, part.name) for part in self.inputs]

    @cached_property
    def folder(self) -> InstructFolder:
        return InstructFolder(
            StoragePath.of(self.settings.output),
            fingerprint(self.identity),
            tuple(self.settings.stages),
            stage_fingerprints(self.identity),
        )

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What decides the bytes, by the stage that is told by it."""
        listing: dict[str, list[tuple[str, int]]] = {}
        for part in self.inputs:
            listing.setdefault(part.source, []).append((part.name, part.size_bytes))
        inputs: dict[str, Any] = {
            STANDARDISE.name: {
                name: {"parts": len(rows), "digest": fingerprint(rows)} for name, rows in listing.items()
            }
        }
        for name, section in self.settings.sections().items():
            if digests := section.digests():
                inputs[name] = digests
        return {"stages": list(self.settings.stages), "settings": self.settings.identity(), "inputs": inputs}

    @cached_property
    def state(self) -> RunState:
        """run.json, begun or gone on with. Stages of other settings are made anew where that was asked for, or where
        none of them was done."""
        if self.is_begun:
            self._go_back_to_other_settings(RunState.read(self.folder.root))
        return RunState.open(self.folder, self.settings.as_resolved(), self.identity)

    def _go_back_to_other_settings(self, state: RunState) -> None:
        """Removes what the first stage whose settings or inputs are others has made, and all after it.

        run.json is written last: broken off in between, the same is found again. Raises OtherSettingsError where a
        stage that is done would go, and that was not asked for.
        """
        before = state.values["identity"]
        if before == self.identity:
            return
        made = stage_fingerprints(before)
        stale = [name for name, found in made.items() if self.folder.fingerprints.get(name) != found]
        changed = ", ".join(differences(before, self.identity))
        if not self.remake and (done := [name for name in stale if state.is_done(name)]):
            raise OtherSettingsError(
                f"{self.folder.root} was begun with other settings or inputs; changed: {changed}. Choose a new output "
                f"folder, set these back, or add --remake: {', '.join(done)} are made anew, what came before stays."
            )
        if stale:
            line = f" {changed} changed: {', '.join(stale)} made anew"
            self.console.print(Text.assemble(("remake:", "yellow"), line), soft_wrap=True)
            first = stage_named(stale[0])
            go_back(state, first)  # which leaves what the first has made
            # of other sources, the listing of inputs says nothing
            listing = [state.folder.inputs] if first is STANDARDISE else []
            for path in (*folders_of(state.folder, first), *listing):
                path.remove()
        state.adopt(self.folder.fingerprint, self.settings.as_resolved(), self.identity)

    @property
    def is_begun(self) -> bool:
        return self.folder.run_json.exists()

    def stages(self) -> list[Stage]:
        """Those of this run in its order, each taking from the one before it."""
        found: list[Stage] = []
        for name in self.settings.stages:
            found.append(dataclasses.replace(stage_named(name), takes=found[-1].name if found else None))
        return found
