"""The chain: raw shards → annotations → duplicates out → balanced selection → WebDataset shards → report.

Each stage is run by the job of its name; this module decides what is left to do, keeps run.json, and checks that no
row was lost between stages.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.markup import escape

from pipelines.build_settings import BuildSettings
from pipelines.engine.progress import StageProgress
from transforms.configuration import fingerprint
from transforms.datasets import ShardName, read_counts
from transforms.errors import EvenweaveError, RunFolderError
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunRecord, differences
from transforms.storage import StoragePath


@dataclass(frozen=True)
class Build:
    """One run of the chain: its settings, its inputs as listed, its folder and record."""

    settings: BuildSettings
    beam_flags: list[str]
    console: Console = field(default_factory=Console)

    @cached_property
    def inputs(self) -> list[InputShard]:
        """The shards of all sources; drawing the miniature corpus first, where the settings ask for it."""
        if self.settings.miniature is not None:
            self._draw_miniature()
        return [
            shard for source in self.settings.sources for shard in list_shards(source, self.settings.files_per_shard)
        ]

    @cached_property
    def sources(self) -> Mapping[str, SourceSettings]:
        return {source.name: source for source in self.settings.sources}

    @cached_property
    def record(self) -> RunRecord:
        """run.json, begun or gone on with."""
        identity = {"settings": self.settings.identity(), "inputs": self._input_digests()}
        folder = RunFolder(StoragePath.of(self.settings.output), fingerprint(identity))
        return RunRecord.open(folder, self.settings.record(), identity)

    @property
    def folder(self) -> RunFolder:
        return self.record.folder

    @property
    def shard_names(self) -> list[ShardName]:
        return [ShardName(shard.source, shard.name) for shard in self.inputs]

    def run(self, *stages: str) -> None:
        """Run the stages named that are not done, in the order of the flow; raises where an earlier one is missing."""
        if {"vocabulary", "annotate"} & set(stages) and not self._is_annotated():
            self._check_before_work()
            if {"vocabulary", "annotate"} <= set(stages):
                self._import_ahead()
            self._check_encoder()
        earlier: list[str] = []
        for name, stage in STAGES.items():
            if name in stages:
                if missing := [other for other in earlier if not self.record.is_done(other)]:
                    raise EvenweaveError(f"{name} needs {missing[0]} to be done first: evenweave {missing[0]} CONFIG")
                self._run_stage(name, stage)
            earlier.append(name)

    def _is_annotated(self) -> bool:
        """A run that is yet to begin gets no run.json here, as its settings may be refused."""
        return (StoragePath.of(self.settings.output) / "run.json").exists() and self.record.is_done("annotate")

    def _check_before_work(self) -> None:
        """What would end the run later: vocabulary, inputs and sizes that cannot serve, and a mixture of libraries."""
        from transforms.annotating.faiss_library import clobbered
        from transforms.annotating.word_lists import check_vocabulary
        from transforms.reading.checks import check_inputs, most_samples

        check_inputs(self.inputs, self.sources)
        check_vocabulary(self.settings.vocabulary, self.settings.retrieval)
        self.settings.balance.check_size(most_samples(self.inputs))
        if warning := clobbered():
            self.console.print(f"[yellow]faiss:[/] {escape(warning)}", highlight=False, soft_wrap=True)

    def _check_encoder(self) -> None:
        """Apart from the other checks, as it imports torch, which the workers may do meanwhile."""
        from transforms.annotating.encoder import check_encoder

        check_encoder(self.settings.encoder)

    def _import_ahead(self) -> None:
        """What the workers of annotate import takes seconds, and so do the same imports here, for the vocabulary."""
        if self.settings.runner.processes > 1 and not self.beam_flags:
            from pipelines.engine.forking import import_ahead

            import_ahead("pipelines.annotate")

    def _run_stage(self, name: str, stage: Callable[[Build], Counts]) -> None:
        if self.record.is_done(name):
            self._say(name, "done before", self.record.counts(name))
            return
        self.record.begin(name)
        self.folder.root.remove_partials()
        started = time.monotonic()
        counts = stage(self)
        self._check_rejects(name, counts)
        self._check_handover(name, counts)
        self.record.finish(name, counts)
        self._say(name, f"{time.monotonic() - started:.1f} s", counts)

    def _check_rejects(self, name: str, counts: Counts) -> None:
        if name != "annotate":
            counts.check(name)
            return
        from transforms.reading.checks import hint

        said = hint(counts, {source.format for source in self.settings.sources})
        try:
            counts.check(name, self.settings.max_reject_share)
        except EvenweaveError as error:
            raise EvenweaveError(f"{error}\n{said}" if said else str(error)) from None
        if said:
            self.console.print(f"[yellow]input:[/] {escape(said)}", highlight=False, soft_wrap=True)

    def _check_handover(self, name: str, counts: Counts) -> None:
        """What a stage takes in is what the one before it gave out."""
        before = {"deduplicate": "annotate", "balance": "deduplicate"}.get(name)
        if before and self.record.counts(before).rows_out != counts.rows_in:
            raise EvenweaveError(
                f"{before} gave out {self.record.counts(before).rows_out} rows, {name} took in {counts.rows_in}: files "
                f"of {self.folder.root} were changed by hand. Run again into a new output folder."
            )

    @cached_property
    def reused(self) -> RunFolder | None:
        """The run whose annotations are taken over; raises where other settings or inputs made them."""
        if self.settings.reuse is None:
            return None
        other = RunRecord.read(StoragePath.of(self.settings.reuse))
        if changed := differences(_upstream(other.values["identity"]), _upstream(self.record.values["identity"])):
            raise RunFolderError(
                f"cannot reuse the annotations of {self.settings.reuse}: {', '.join(changed)} differ. Leave reuse out."
            )
        if not other.is_done("annotate"):
            raise RunFolderError(f"cannot reuse the annotations of {self.settings.reuse}: they are not complete")
        return other.folder

    def take_counts(self, stage: str) -> Counts:
        """The counts that a Beam job left."""
        path = self.folder.counts(stage)
        counts = Counts.from_dict(json.loads(path.read_text()))
        path.delete()
        return counts

    def _draw_miniature(self) -> None:
        from pipelines import miniature

        corpus = self.settings.miniature
        assert corpus is not None
        folder = StoragePath.of(corpus.folder)
        with StageProgress(self.console, "miniature", folder / "shards", ".tar", corpus.settings.shards):
            miniature.run(corpus.settings, folder, self.settings.runner, self.beam_flags)

    def _input_digests(self) -> dict[str, object]:
        """Names the inputs by content where that is cheap, and shards by name and size."""
        from transforms.annotating.digests import encoder_digest, word_list_digest

        listing: dict[str, list[tuple[str, int]]] = {}
        for shard in self.inputs:
            listing.setdefault(shard.source, []).append((shard.name, shard.size_bytes))
        return {
            "encoder": encoder_digest(self.settings.encoder),
            "vocabulary": word_list_digest(self.settings.vocabulary),
            "sources": {name: {"shards": len(rows), "digest": fingerprint(rows)} for name, rows in listing.items()},
        }

    def _say(self, stage: str, how: str, counts: Counts) -> None:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.rejects.items())
        self.console.print(
            f"[green]✓[/] {stage:<12} {counts.rows_in:>10,} in  {counts.rows_out:>10,} out  "
            f"{counts.rejected:>9,} rejected  [dim]{how}{'  ' + reasons if reasons else ''}[/]",
            highlight=False,
            soft_wrap=True,
        )


def _upstream(identity: dict[str, Any]) -> dict[str, Any]:
    """The part of a run's identity that annotations depend on."""
    settings = {
        name: identity["settings"][name]
        for name in ("sources", "files_per_shard", "decode", "encoder", "vocabulary", "retrieval")
    }
    return {"settings": settings, "inputs": identity["inputs"]}


def _vocabulary(build: Build) -> Counts:
    from pipelines import vocabulary

    concepts = vocabulary.run(build.folder, build.settings.vocabulary, build.settings.encoder, build.reused)
    return Counts(concepts, concepts)


def _annotate(build: Build) -> Counts:
    from pipelines import annotate

    folder, settings = build.folder, build.settings

    def rows(path: StoragePath) -> int:
        return read_counts(path, folder.fingerprint).rows_in

    with StageProgress(
        build.console, "annotate", folder.root / "annotations", ".parquet", len(build.inputs), rows, "images"
    ):
        annotate.run(
            folder,
            build.inputs,
            settings.sources,
            settings.encoder,
            settings.retrieval,
            settings.decode,
            settings.runner,
            build.beam_flags,
            build.reused,
        )
    return build.take_counts("annotate")


def _deduplicate(build: Build) -> Counts:
    from pipelines import deduplicate

    with StageProgress(build.console, "deduplicate"):
        deduplicate.run(
            build.folder, build.shard_names, build.settings.deduplicate, build.settings.runner, build.beam_flags
        )
    return build.take_counts("deduplicate")


def _balance(build: Build) -> Counts:
    from pipelines import balance

    folder = build.folder

    def rows(path: StoragePath) -> int:
        return read_counts(path, folder.fingerprint).rows_out

    with StageProgress(
        build.console, "balance", folder.root / "selection", ".parquet", len(build.inputs), rows, "images"
    ):
        balance.run(
            folder,
            build.shard_names,
            build.settings.balance,
            build.record.counts("vocabulary").rows_out,
            build.settings.runner,
            build.beam_flags,
        )
    return build.take_counts("balance")


def _export(build: Build) -> Counts:
    from pipelines import export

    with StageProgress(
        build.console, "export", build.folder.shards, ".tar", None, lambda path: path.size_bytes() >> 20, "MiB"
    ):
        export.run(
            build.folder, build.inputs, build.sources, build.settings.export, build.settings.runner, build.beam_flags
        )
    return build.take_counts("export")


#: The flow, in order.
STAGES: dict[str, Callable[[Build], Counts]] = {
    "vocabulary": _vocabulary,
    "annotate": _annotate,
    "deduplicate": _deduplicate,
    "balance": _balance,
    "export": _export,
}
