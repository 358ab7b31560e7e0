"""Job: a run folder → whether what its stages wrote is as it was; what is not is named, and removed where asked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from pipelines.engine.settings import available_cores
from pipelines.looking import look_into
from transforms.errors import RunFolderError
from transforms.run_folder import RunState
from transforms.stages import INSTRUCT_CHAIN, PACK, Stage
from transforms.verifying.finding import Finding
from transforms.verifying.repair import first_stage, repair
from transforms.verifying.run import Verifier

_MOST_TOLD = 50  # findings that are printed; a lost disk may have millions
_THREADS_PER_CORE = 2  # one waits for the disk while the other hashes and decompresses, without Python's lock

#: What the command ends with. 2 is for what could not be looked at, as of every command.
SOUND, NOT_SOUND = 0, 1


def run(run_folder_uri: str, and_repair: bool = False, console: Console | None = None) -> int:
    """Look at all that the stages of a run wrote, of ``evenweave build`` or ``evenweave pack``; returns SOUND or
    NOT_SOUND. The report and what it puts into the dataset card are not looked at: every build makes them anew.

    ``and_repair`` removes what is broken, and is then SOUND where that mends it: the command that made the run makes
    the rest anew.
    Raises RunFolderError where there is no run, or its run.json cannot be read.
    """
    console = console or Console()
    state = look_into(run_folder_uri, console)
    if state.is_older and PACK.name in state.values["stages"]:
        raise RunFolderError(
            f"{state.folder.root} holds packs of format version {state.format_version}, which carry no sums to compare "
            "them with. Pack again into a new folder."
        )
    findings = _look(state, console)
    _say(console, state, findings, and_repair)
    if not (findings and and_repair):
        return NOT_SOUND if findings else SOUND
    return NOT_SOUND if repair(state, findings) else SOUND


def _command(stage: Stage | None) -> str:
    """That which runs ``stage``."""
    if stage is PACK:
        return PACK.name
    return "instruct" if stage in INSTRUCT_CHAIN else "build"


def _look(state: RunState, console: Console) -> list[Finding]:
    columns = (TextColumn("verify"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("verify", total=None)
        verifier = Verifier(
            state, _THREADS_PER_CORE * available_cores(), lambda size_bytes: progress.advance(task, size_bytes)
        )
        progress.update(task, total=verifier.total_bytes())
        return list(verifier.findings())


def _say(console: Console, state: RunState, findings: Sequence[Finding], and_repair: bool) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    root = state.folder.root
    for finding in findings[:_MOST_TOLD]:
        of = f"[dim]{finding.stage.name}[/] " if finding.stage else ""
        say(f"[red]✗[/] {of}{escape(finding.path.relative_to(root))} {escape(finding.seen)}")
    if len(findings) > _MOST_TOLD:
        say(f"  and {len(findings) - _MOST_TOLD:,} more")
    stages = ", ".join(stage.name for stage in state.begun)
    if not findings:
        say(f"[green]✓[/] {escape(str(root))} is sound ({stages or 'nothing begun'})")
        return
    for finding in (one for one in findings if not one.is_mendable):
        advice = "put a copy of it back, or run every stage again, into a new output folder"
        say(f"{escape(finding.path.relative_to(root))} cannot be mended by removing: {advice}.")
    if not any(finding.is_mendable for finding in findings):
        return
    first = first_stage(findings)
    repeated = [stage.name for stage in state.from_on(first)] if first else []
    what = f"to be repeated: {', '.join(repeated)}" if repeated else "no stage is to be repeated"
    beside = dict.fromkeys(finding.again for finding in findings if finding.again)
    commands = [_command(first)] if first or not beside else []
    again = " again, and the same ".join(f"evenweave {one}" for one in (*commands, *beside))
    if and_repair:
        say(f"Removed what is broken; {what}. Run the same {again} again.")
    elif state.is_older:
        say(f"{len(findings):,} found. No command goes on with a run of this version: run the job into a new folder.")
    else:
        say(f"{len(findings):,} found; {what}. evenweave verify {escape(str(root))} --repair removes what is broken")
        say(f"and what was made of it; then run the same {again} again.")
