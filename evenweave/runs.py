"""Opening a run folder: what made it, and how far it has come."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transforms.rejects import Counts
from transforms.run_folder import RunState
from transforms.storage import StoragePath


@dataclass(frozen=True)
class Stage:
    """One stage of a run. ``counts`` is None until the stage is done."""

    name: str
    is_done: bool
    counts: Counts | None


@dataclass(frozen=True)
class Run:
    """A run folder as run.json describes it at the time of opening.

    ``root`` is its path or URI, ``fingerprint`` that of the settings and inputs that made it, ``config`` the settings
    as resolved, ``stages`` those begun so far, in the order of their names in run.json.
    """

    root: str
    fingerprint: str
    config: Mapping[str, Any]
    stages: Mapping[str, Stage]


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run folder at a path or URI (gs://, s3://, hdfs://).

    Raises transforms.errors.RunFolderError where there is none, or where it is of another format version.
    """
    record = RunState.read(StoragePath.of(path))
    stages = {name: _stage(name, record) for name in record.values["stages"]}
    return Run(str(record.folder.root), record.folder.fingerprint, record.values["config"], stages)


def _stage(name: str, record: RunState) -> Stage:
    is_done = record.is_done(name)
    return Stage(name, is_done, record.counts(name) if is_done else None)
