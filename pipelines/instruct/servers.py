"""Servers are looked at before any work: a long run is not to stop at a name that is wrong."""

from __future__ import annotations

from pipelines.instruct.run import InstructRun
from transforms.instruct.asking.desk import Desk
from transforms.run_folder import RunState, stage_fingerprints


def check_servers(run: InstructRun) -> None:
    """Of the stages that are not done: one completion each, prices and ceilings. Raises what says what is wrong."""
    asked = {
        str(server)
        for stage, section in run.settings.sections().items()
        for server in section.named_servers().values()
        if not _is_done(run, stage)
    }
    if not asked:
        return
    with Desk.open(run.settings.asking, run.folder.root) as desk:
        for name in sorted(asked):
            desk.check(run.settings.servers[name])


def _is_done(run: InstructRun, stage: str) -> bool:
    if not run.is_begun:
        return False
    state = RunState.read(run.folder.root)
    made = stage_fingerprints(state.values["identity"])
    return state.is_done(stage) and made.get(stage) == run.folder.fingerprints[stage]
