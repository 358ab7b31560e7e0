"""Going back: what is broken is removed, with all that was made of it, so that the next run makes it anew."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from transforms.errors import RunFolderError
from transforms.run_folder import RunState
from transforms.stages import STAGES, Stage
from transforms.verifying.finding import Finding
from transforms.verifying.listing import folders_of


def first_stage(findings: Iterable[Finding]) -> Stage | None:
    """The earliest that is to be repeated; every later one is to be repeated too. None where none is."""
    stages = [finding.stage for finding in findings if finding.stage is not None]
    return min(stages, key=STAGES.index, default=None)


def repair(state: RunState, findings: Iterable[Finding]) -> list[Finding]:
    """Removes what was found broken, and goes back to before the first stage that is to be repeated; returns what this
    cannot mend.

    Broken off in between, it leaves a mark at which the next run stops: the rest may look whole. Raises RunFolderError
    for a run of an older format version, with which no command goes on.
    """
    if state.is_older:
        raise RunFolderError(
            f"{state.folder.root} is of format version {state.format_version}, with which no command goes on: what is "
            "broken cannot be made anew there. Run the job again into a new folder."
        )
    findings = list(findings)
    mark = state.folder.under_repair
    mark.write_text("")
    for path in dict.fromkeys(path for finding in findings for path in finding.remove):
        if path != mark:
            path.remove()
    stage = first_stage(findings)
    if stage is not None:
        go_back(state, stage)
    mark.remove()
    return [finding for finding in findings if not finding.is_mendable]


def go_back(state: RunState, stage: Stage) -> None:
    """To before ``stage``, of which the files stay: it will keep those that are whole. Those of later stages go.

    The last stage goes first and run.json last: broken off in between, what is missing is found missing.
    """
    stage, *later = state.from_on(stage)
    for after in reversed(later):
        for path in folders_of(state.folder, after):
            path.remove()
    state.folder.report.parent.remove()
    if stage.with_manifest:  # written when all else is there, and taken for the sign of that
        for last in ("manifest.json", "packing.json"):
            (state.folder.root / stage.with_manifest / last).remove()
    for one in (stage, *later):
        with contextlib.suppress(FileNotFoundError):
            state.folder.counts(one.name).delete()
    state.forget(stage.name, *(after.name for after in later))
