"""One run of the chain as it was opened: what its jobs take their part from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rich.console import Console

from pipelines.build_settings import BuildSettings
from pipelines.engine.engine import Engine
from pipelines.engine.progress import WatchedFiles
from pipelines.reuse import Reused, find_reused
from transforms.annotating.changed_inputs import AnnotatedInputs
from transforms.at_rest import RUN_JSON
from transforms.configuration import fingerprint
from transforms.datasets import ShardName
from transforms.errors import RunFolderError
from transforms.reading.limit import spread
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.settings import SourceSettings
from transforms.run_folder import RunFolder, RunState, differences
from transforms.stages import ANNOTATE, Stage
from transforms.storage import StoragePath


@dataclass(frozen=True)
class BuildRun:
    """Its settings, its inputs as listed, its folder and state, and the engine that runs its jobs."""

    settings: BuildSettings
    engine: Engine
    console: Console
    accept_changed: bool = False  # inputs that are not what was annotated are annotated again

    @cached_property
    def inputs(self) -> list[InputShard]:
        """The shards of all sources, of a trial some; drawing the miniature corpus first, where that is asked for."""
        if self.settings.miniature is not None:
            self._draw_miniature()
        found = [
            shard for source in self.settings.sources for shard in list_shards(source, self.settings.files_per_shard)
        ]
        return found if self.settings.limit is None else spread(found, self.settings.limit)

    @cached_property
    def sources(self) -> Mapping[str, SourceSettings]:
        return {source.name: source for source in self.settings.sources}

    @cached_property
    def state(self) -> RunState:
        """run.json, begun or gone on with."""
        folder = RunFolder(StoragePath.of(self.settings.output), fingerprint(self._identity))
        return RunState.open(folder, self.settings.as_resolved(), self._identity)

    @cached_property
    def _identity(self) -> dict[str, Any]:
        return {"settings": self.settings.identity(), "inputs": self._input_digests()}

    @property
    def is_begun(self) -> bool:
        """A run that is yet to begin gets no run.json here, as its settings may be refused."""
        return (StoragePath.of(self.settings.output) / RUN_JSON).exists()

    @property
    def is_annotated(self) -> bool:
        return self.is_begun and self.state.is_done(ANNOTATE.name)

    @property
    def folder(self) -> RunFolder:
        return self.state.folder

    @property
    def shard_names(self) -> list[ShardName]:
        return [ShardName(shard.source, shard.name) for shard in self.inputs]

    @property
    def annotated_inputs(self) -> AnnotatedInputs:
        return AnnotatedInputs(self.folder, self.inputs, self.sources)

    @cached_property
    def reused(self) -> Reused | None:
        """The run whose annotations are taken over, and of which shards; raises where other settings made them."""
        if self.settings.reuse is None:
            return None
        return find_reused(self.settings.reuse, self._identity, self.inputs, self.sources, self.console)

    def annotated_by_like_settings(self) -> RunFolder:
        """The output folder as it stands, whatever its later stages were told; raises where other settings or inputs
        annotated it, or none did. Nothing is begun or written."""
        run = self.settings.output
        other = RunState.read(StoragePath.of(run))
        if changed := differences(_upstream(other.values["identity"]), _upstream(self._identity)):
            raise RunFolderError(
                f"cannot use the annotations of {run}: {', '.join(changed)} differ. Set these back, or name the run's "
                "folder as output."
            )
        if not other.is_done(ANNOTATE.name):
            raise RunFolderError(f"cannot use the annotations of {run}: they are not complete")
        return other.folder

    def leaves_out(self, stage: Stage) -> bool:
        """Whether the settings have nothing for a stage to do."""
        return stage.may_be_off and not getattr(self.settings, stage.name).is_on

    def _draw_miniature(self) -> None:
        from pipelines import miniature  # it imports Beam, which a run over real input need not do yet

        corpus = self.settings.miniature
        assert corpus is not None
        folder = StoragePath.of(corpus.folder)
        tars = WatchedFiles(folder / "shards", ".tar", corpus.settings.shards)
        with self.engine.progress(self.console, "miniature", tars):
            miniature.run(corpus.settings, folder, self.engine)

    def _input_digests(self) -> dict[str, object]:
        """Names the inputs by content where that is cheap, and shards by name and size."""
        from transforms.annotating.digests import embeddings_digest, encoder_digest, word_list_digest
        from transforms.filtering.blocked_words import blocked_words_digest

        listing: dict[str, list[tuple[str, int]]] = {}
        for shard in self.inputs:
            listing.setdefault(shard.source, []).append((shard.name, shard.size_bytes))
        digests: dict[str, object] = {
            "encoder": encoder_digest(self.settings.encoder),
            "vocabulary": word_list_digest(self.settings.vocabulary),
            "sources": {name: {"shards": len(rows), "digest": fingerprint(rows)} for name, rows in listing.items()},
        }
        if imported := {one.name: one.embeddings for one in self.settings.sources if one.embeddings}:
            digests["embeddings"] = {name: embeddings_digest(folder) for name, folder in imported.items()}
        if (words := self.settings.filter.blocked_words) is not None:
            digests["blocked_words"] = blocked_words_digest(words)
        return digests


def _upstream(identity: dict[str, Any]) -> dict[str, Any]:
    """The part of a run's identity that annotations depend on."""
    settings = {
        name: identity["settings"][name]
        for name in ("sources", "files_per_shard", "decode", "encoder", "vocabulary", "retrieval")
    }
    settings["limit"] = identity["settings"].get("limit")
    inputs = {name: identity["inputs"].get(name) for name in ("encoder", "vocabulary", "sources", "embeddings")}
    return {"settings": settings, "inputs": inputs}
