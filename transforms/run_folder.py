"""The run folder: where each dataset lies, which settings made it, and how far the run has come.

``run.json`` holds the configuration as resolved, what identifies the run (the settings that decide bytes, and the
inputs) with its fingerprint, the code version, and for each stage its state and counts. Only the process that drives
the run writes it.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from pydantic import BaseModel, model_validator

from transforms.at_rest import FORMAT_VERSION, OLDER_VERSIONS, RUN_JSON, check_origin, parsing, read_json, shaped
from transforms.configuration import fingerprint
from transforms.errors import OtherSettingsError, RunFolderError
from transforms.rejects import Counts, StoredCounts
from transforms.stages import BALANCE, COUNTS_ENDING, EXPORT, REJECTS, STAGES, Stage, from_on, stage_named
from transforms.storage import StoragePath


@dataclass(frozen=True)
class RunFolder:
    """Names of everything below a run folder; cheap and picklable, so that workers carry it."""

    root: StoragePath
    fingerprint: str

    @property
    def run_json(self) -> StoragePath:
        return self.root / RUN_JSON

    @property
    def inputs(self) -> StoragePath:
        """The input shards as they were when they were read: their names, sizes and versions."""
        return self.root / "inputs.parquet"

    @property
    def elements(self) -> StoragePath:
        """While a job runs over many shards: what its workers read them from."""
        return self.root / ".elements"

    @property
    def under_repair(self) -> StoragePath:
        """There while a repair removes what is broken, and after one that was broken off."""
        return self.root / ".under-repair"

    @property
    def vocabulary(self) -> StoragePath:
        return self.root / "vocabulary"

    @property
    def concepts(self) -> StoragePath:
        return self.root / "concepts.parquet"

    @property
    def certificate(self) -> StoragePath:
        """What balance aimed at, what it reached, and what it promised."""
        return self.root / BALANCE.name / "certificate.json"

    @property
    def baselines(self) -> StoragePath:
        """Images of each concept in selections of the same size by other methods."""
        return self.root / BALANCE.name / "baselines.parquet"

    @property
    def balance_sample(self) -> StoragePath:
        """The images that ``even`` was fitted on."""
        return self.root / BALANCE.name / "sample.parquet"

    def balance_sample_part(self, number: int) -> StoragePath:
        """What of it does not go into one file; ``number`` from 1."""
        return self.balance_sample.parent / f"sample-{number:05d}.parquet"

    @property
    def shards(self) -> StoragePath:
        return self.root / "shards"

    @property
    def report(self) -> StoragePath:
        return self.root / "report" / "index.html"

    @property
    def embeddings(self) -> StoragePath:
        """Where retrieval.keep_embedding leaves them for other programs."""
        return self.root / "embeddings"

    def annotations(self, source: str, shard: str) -> StoragePath:
        return self.root / "annotations" / source / f"{shard}.parquet"

    def selection(self, source: str, shard: str) -> StoragePath:
        return self.root / "selection" / source / f"{shard}.parquet"

    def index(self, source: str, shard: str) -> StoragePath:
        return self.root / "index" / source / f"{shard}.parquet"

    def rejects(self, stage: str, source: str, shard: str) -> StoragePath:
        return self.root / REJECTS / stage / source / f"{shard}.parquet"

    def counts(self, stage: str) -> StoragePath:
        """Where the last step of a Beam job leaves the stage's counts for the driver, which moves them to run.json."""
        return self.root / f".{stage}{COUNTS_ENDING}"

    def read_stage_counts(self, stage: str) -> Counts:
        """The counts that a Beam job left; raises RunFolderError where they are missing or damaged."""
        path = self.counts(stage)
        with parsing(path):
            return Counts.from_dict(read_json(path))


class _StageState(BaseModel):
    """What run.json says of a stage; figures for the report may stand beside."""

    state: Literal["running", "done"]
    counts: StoredCounts | None = None

    @model_validator(mode="after")
    def _done_stages_have_counts(self) -> Self:
        if self.state == "done" and self.counts is None:
            raise ValueError("done, but without counts")
        return self


class _StoredRecord(BaseModel):
    """The shape of run.json."""

    fingerprint: str
    code_version: str
    config: dict[str, Any]
    identity: dict[str, Any]
    stages: dict[str, _StageState]


class RunState:
    """run.json, read and written."""

    def __init__(self, folder: RunFolder, values: dict[str, Any]) -> None:
        self.folder = folder
        self.values = values

    @classmethod
    def open(cls, folder: RunFolder, config: dict[str, Any], identity: dict[str, Any]) -> RunState:
        """Begin a run, or go on with one; raises OtherSettingsError for the folder of other settings or inputs.

        ``config`` is the configuration as resolved; ``identity`` is what the fingerprint was made of: the settings
        that decide bytes, and the inputs.
        """
        if not folder.run_json.exists():
            state = cls(
                folder,
                {
                    "format_version": FORMAT_VERSION,
                    "fingerprint": folder.fingerprint,
                    "code_version": importlib.metadata.version("evenweave"),
                    "config": config,
                    "identity": identity,
                    "stages": {},
                },
            )
            state._save()
            return state
        state = cls.read(folder.root)
        if state.folder.fingerprint != folder.fingerprint:
            changed = ", ".join(differences(state.values["identity"], identity))
            finished = any(state.is_done(stage.name) for stage in state.begun)
            raise OtherSettingsError(
                f"{folder.root} was begun with other settings or inputs ({state.folder.fingerprint}, now "
                f"{folder.fingerprint}); changed: {changed}. Choose a new output folder, or set these back."
                + ("" if finished else " No stage of it is finished.")
            )
        folder.run_json.remove_own_partials()  # no stage writes it, and a killed stage's are removed with the stage
        return state

    @classmethod
    def read(cls, root: StoragePath, older_too: bool = False) -> RunState:
        """The state of an existing run; raises RunFolderError where there is none, and for one that is damaged or of
        another version.

        ``older_too`` is for who looks into a run and writes nothing of it.
        """
        path = root / RUN_JSON
        if not path.exists():
            raise RunFolderError(f"{root} is not a run folder: it has no run.json")
        values = read_json(path)
        check_origin(path, values.get("format_version"), values.get("fingerprint"), None, older_too)
        shaped(path, values, _StoredRecord)
        return cls(RunFolder(root, values["fingerprint"]), values)

    @property
    def format_version(self) -> str:
        return str(self.values["format_version"])

    @property
    def is_older(self) -> bool:
        """Whether it is of a format version that is read, and not written any more."""
        return self.format_version in OLDER_VERSIONS

    def adopt(self, fingerprint: str, config: dict[str, Any], identity: dict[str, Any]) -> None:
        """Other settings from here on, after what the former ones made is gone."""
        self.folder = replace(self.folder, fingerprint=fingerprint)
        self.values |= {"fingerprint": fingerprint, "config": config, "identity": identity}
        self._save()

    @property
    def begun(self) -> list[Stage]:
        """The stages that were begun, in the order of this run."""
        order = self._ordered if self._ordered is not None else [stage.name for stage in STAGES]
        return [stage_named(name) for name in order if name in self.values["stages"]]

    def from_on(self, stage: Stage) -> tuple[Stage, ...]:
        """``stage`` and those that come after it in this run."""
        if self._ordered is None:
            return from_on(stage)
        return tuple(stage_named(name) for name in self._ordered[self._ordered.index(stage.name) :])

    def of(self, stage: Stage) -> RunState:
        """The same with the fingerprint that the files of ``stage`` carry."""
        if self._ordered is None:
            return self
        return RunState(
            replace(self.folder, fingerprint=stage_fingerprints(self.values["identity"])[stage.name]), self.values
        )

    @property
    def _ordered(self) -> list[str] | None:
        """The stages of a run whose settings order them, each with a fingerprint of its own; None of any other."""
        names: list[str] | None = self.values["identity"].get("stages")
        return names

    def is_done(self, stage: str) -> bool:
        return bool(self.values["stages"].get(stage, {}).get("state") == "done")

    def counts(self, stage: str) -> Counts:
        return Counts.from_dict(self.values["stages"][stage]["counts"])

    def manifest_of(self, stage: Stage) -> str | None:
        """The folder in which a stage of this run leaves shards and their manifest; None where it leaves none."""
        is_index = stage is EXPORT and self.values["config"].get(EXPORT.name, {}).get("form") == "index"
        return None if is_index else stage.with_manifest

    def reject_files(self, stage: str) -> int | None:
        """How many files of rejects a stage that is done has left; None where run.json does not say."""
        number: int | None = self.values["stages"][stage].get("reject_files")
        return number

    def begin(self, stage: str) -> None:
        self.values["stages"][stage] = {"state": "running"}
        self._save()

    def finish(self, stage: str, counts: Counts, **figures: Any) -> None:
        """Mark a stage done, with its counts and any figures: what the report shows, and ``reject_files``."""
        self.values["stages"][stage] = {"state": "done", "counts": counts.to_dict(), **figures}
        self._save()

    def forget(self, *stages: str) -> None:
        """As if these had not been begun."""
        for stage in stages:
            self.values["stages"].pop(stage, None)
        self._save()

    def _save(self) -> None:
        text = json.dumps(self.values, indent=2, sort_keys=True, ensure_ascii=False)
        self.folder.run_json.write_text(text + "\n")


def stage_fingerprints(identity: Mapping[str, Any]) -> dict[str, str]:
    """Of each stage of a run whose stages can be made again one by one, in their order: of what is its own and of all
    that came before.

    ``identity``: ``stages`` are their names; ``settings`` and ``inputs`` hold, by the name of a stage, what is its own.
    """
    found: dict[str, str] = {}
    before = ""
    for name in map(str, identity["stages"]):
        own = {what: identity[what].get(name) for what in ("settings", "inputs")}
        found[name] = before = fingerprint(before, name, own, identity["settings"]["seed"])
    return found


def differences(before: Any, after: Any, prefix: str = "") -> list[str]:
    """Dotted names of the settings that differ, at most ten."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [
            name
            for key in sorted({*before, *after})
            for name in differences(before.get(key), after.get(key), f"{prefix}.{key}" if prefix else str(key))
        ]
        return names[:10]
    return [] if before == after else [prefix]
