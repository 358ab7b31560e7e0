"""Going back: what is broken is removed, with all that was made of it, so that the next run makes it anew."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from transforms.errors import RunFolderError
from transforms.run_folder import RunState
from transforms.stages import CHAIN, PACK, Stage, from_on
from transforms.storage import StoragePath
from transforms.verifying.finding import Finding
from transforms.verifying.listing import folders_of


def first_stage(findings: Iterable[Finding]) -> Stage | None:
    """The earliest that is to be repeated; every later one is to be repeated too. None where none is."""
    stages = [finding.stage for finding in findings if finding.stage is not None]
    return min(stages, key=(*CHAIN, PACK).index, default=None)


def repair(state: RunState, findings: Iterable[Finding]) -> None:
    """Removes what was found broken, and goes back to before the first stage that is to be repeated.

    Raises RunFolderError for a run of an older format version, with which no command goes on.
    """
    if state.is_older:
        raise RunFolderError(
            f"{state.folder.root} is of format version {state.format_version}, with which no command goes on: what is "
            "broken cannot be made anew there. Run the job again into a new folder."
        )
    findings = list(findings)
    stage = first_stage(findings)
    if stage is not None:
        go_back(state, stage)
    for path in dict.fromkeys(path for finding in findings for path in finding.remove):
        remove_file(path)


def go_back(state: RunState, stage: Stage) -> None:
    """To before ``stage``, of which the files stay: it will keep those that are whole. Those of later stages go.

    The last stage goes first and run.json last: broken off in between, what is missing is found missing.
    """
    stage, *later = from_on(stage)
    for after in reversed(later):
        for path in folders_of(state.folder, after):
            remove_below(path)
    remove_below(state.folder.report.parent)
    if stage.with_manifest:  # written when all else is there, and taken for the sign of that
        for last in ("manifest.json", "packing.json"):
            remove_file(state.folder.root / stage.with_manifest / last)
    for one in (stage, *later):
        with contextlib.suppress(FileNotFoundError):
            state.folder.counts(one.name).delete()
    state.forget(stage.name, *(after.name for after in later))


def remove_below(path: StoragePath) -> None:
    """A folder and all in it, or a file, where there is one."""
    if path.is_dir():
        path.filesystem.delete_dir(path.path)
    else:
        remove_file(path)


def remove_file(path: StoragePath) -> None:
    if path.is_file():
        path.delete()
