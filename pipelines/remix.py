"""remix: another mixture of the same run, from what its stages left; and what that changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.engine.engine import Engine
from pipelines.instruct.chain import instruct
from pipelines.instruct.finished import open_finished
from pipelines.instruct.run import InstructRun
from pipelines.instruct.settings import InstructSettings
from transforms.at_rest import parsing, read_json
from transforms.configuration import apply_override, validate
from transforms.errors import ConfigError, RunFolderError
from transforms.instruct.reporting.changes import TOLD, changes, to_dict
from transforms.instruct.reporting.tally import Tally
from transforms.run_folder import RunState
from transforms.stages import STANDARDISE
from transforms.storage import StoragePath


def settings_of(state: RunState, overrides: Sequence[str], without: Sequence[str]) -> InstructSettings:
    """Those of the run with other values, and without some stages. Raises ConfigError for ones that cannot be, for a
    stage that the run does not have, and for sources that differ: that would be another run."""
    values = {**state.values["config"], "output": str(state.folder.root)}
    for override in overrides:
        if override.partition("=")[0].partition(".")[0] in ("output", "sources", "miniature", "range_bytes", "seed"):
            raise ConfigError(
                f"--set {override}: a remix keeps what it was made of; run evenweave instruct for another"
            )
        _open_sections(values, override)
        apply_override(values, override)
    if unknown := [stage for stage in without if stage not in values["stages"]]:
        raise ConfigError(f"--without {unknown[0]} is no stage of this run: {', '.join(values['stages'])}")
    values["stages"] = [stage for stage in values["stages"] if stage not in without]
    return validate(values, InstructSettings, f"the settings of {state.folder.root}")


def _open_sections(values: dict[str, Any], override: str) -> None:
    """run.json says null of a section that was not there; here it may be."""
    node: Any = values
    for part in override.partition("=")[0].split(".")[:-1]:
        if not isinstance(node, dict):
            return
        if node.get(part) is None:
            node[part] = {}
        node = node[part]


def made_anew(state: RunState, run: InstructRun) -> list[str]:
    """The stages that other settings make again, in their order."""
    before = {stage.name: state.of(stage).folder.fingerprint for stage in state.begun}
    return [name for name, found in run.folder.fingerprints.items() if before.get(name) != found]


def run(
    run_uri: str,
    overrides: Sequence[str],
    without: Sequence[str],
    engine: Engine,
    console: Console,
    plan: bool = False,
    ask: bool = False,
) -> None:
    """Makes the stages again whose settings are others, and those after them, in the same folder; shows and keeps, in
    remix/changes.json, the rows before and after. With ``plan`` it only says which stages these are.

    Raises ConfigError where one of them shows rows to a model, unless ``ask``.
    """
    state, _ = open_finished(run_uri, STANDARDISE.name)
    remixed = InstructRun(settings_of(state, overrides, without), engine, console, remake=True)
    stages = made_anew(state, remixed)
    if STANDARDISE.name in stages:
        raise ConfigError(
            f"the inputs of {run_uri} are not what they were: a remix keeps them. Run evenweave instruct again."
        )
    if plan or not stages:
        line = f"{', '.join(stages)} would be made anew" if stages else "nothing would change"
        console.print(Text.assemble(("remix:", "yellow"), f" {line}"), soft_wrap=True)
        return
    asked = [name for name, section in remixed.settings.sections().items() if section.named_servers()]
    if not ask and (asking := [name for name in asked if name in stages]):
        raise ConfigError(
            f"{', '.join(asking)} would be made anew, and may ask a model for what the cache does not hold. Add --ask "
            "to allow that, or change only what comes after."
        )
    place, told = state.folder.root / "remix", state.folder.report.parent / "tally.json"
    if not (place / "before.json").is_file():  # a remix that was broken off has left it
        (place / "before.json").write_text(told.read_text() if told.is_file() else _no_report(run_uri))
    fingerprint, before = _tally(place / "before.json")
    instruct(remixed)
    _, after = _tally(told)
    kept = place / "changes.json"
    values = to_dict(before, after, stages, (fingerprint, remixed.folder.fingerprint))
    kept.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    (place / "before.json").delete()
    for axis in TOLD:
        console.print(_table(axis, before, after))
    console.print(Text(f"What changed: {kept}"), soft_wrap=True)


def _no_report(run_uri: str) -> NoReturn:
    raise RunFolderError(f"{run_uri} has no report to compare with. Run evenweave instruct to its end first.")


def _tally(path: StoragePath) -> tuple[str, Tally]:
    """With the fingerprint of the run that it is of."""
    with parsing(path):
        values = read_json(path)
        return values["fingerprint"], Tally.from_dict(values)


def _table(axis: str, before: Tally, after: Tally) -> Table:
    table = Table(axis, title_justify="left")
    for name in ("clean before", "after", "change", "mixed before", "after", "change"):
        table.add_column(name, justify="right")
    for one in changes(before, after, axis):
        style = None if one.is_one else "dim"
        clean, mixed = (one.clean_before, one.clean_after), (one.mixed_before, one.mixed_after)
        cells = [f"{n:,}" for n in clean] + [_signed(*clean)] + [f"{n:,}" for n in mixed] + [_signed(*mixed)]
        table.add_row(Text(one.name.replace("_", " ")), *cells, style=style)
    return table


def _signed(before: int, after: int) -> str:
    return f"{after - before:+,}" if after != before else ""
