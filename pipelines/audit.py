"""audit: a sheet of what the stages of a mixture wrote, for a person; and the error rates that labels give."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.engine.choice import choose_engine
from pipelines.engine.settings import RunnerSettings
from pipelines.instruct.finished import open_finished, part_names
from transforms.at_rest import FORMAT_VERSION
from transforms.errors import ConfigError
from transforms.instruct.auditing.drawing import Draw
from transforms.instruct.auditing.labels import read_labels
from transforms.instruct.auditing.rates import CONFIDENCE, Rate, Rates, rates
from transforms.instruct.auditing.sheet import show_items
from transforms.instruct.auditing.sheet_file import read_sheet, write_sheet
from transforms.instruct.chain.folder import InstructFolder
from transforms.reporting.audit_page import render_audit
from transforms.stages import MIX, STANDARDISE
from transforms.storage import StoragePath

#: What the command ends with; 2 is for what could not be looked at.
PASSED, NOT_PASSED = 0, 1


def draw_sheet(run_uri: str, rows: int, seed: int, stages: Sequence[str], console: Console) -> None:
    """Writes audit/index.html and audit/sheet.json of a run that has drawn its mixture."""
    import apache_beam as beam

    from transforms.instruct.auditing.beam import DrawItems

    _, folder = open_finished(run_uri, MIX.name)
    known = [stage for stage in folder.before(MIX.name) if stage != STANDARDISE.name]
    if unknown := [stage for stage in stages if stage not in known]:
        raise ConfigError(f"--stage {unknown[0]} is none of this run: {', '.join(known)}")
    left = folder.root / ".audit-draw"
    names = part_names(folder)

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "Parts" >> beam.Create(names) | DrawItems(folder, rows, seed, tuple(stages), left)

    engine = choose_engine(RunnerSettings())
    with engine.progress(console, "audit", None):
        engine.run(build)
    draw: Draw = pickle.loads(left.read_bytes())
    left.delete()
    with console.status(Text("reading what was drawn")):
        shown = show_items(folder, [item for items in draw.items.values() for item in items])
    page = _audit(folder) / "index.html"
    write_sheet(_audit(folder) / "sheet.json", draw, folder.fingerprint)
    page.write_text(render_audit(shown, draw.population, str(folder.root), folder.fingerprint))
    told = f"{len(shown):,} of {draw.population.total():,} in {len(draw.population):,} strata: {page}"
    console.print(Text(told), soft_wrap=True)


def judge(run_uri: str, labels_uri: str, max_error: float | None, console: Console) -> int:
    """Error rates by a person's labels, kept in audit/rates.json. With ``max_error``, NOT_PASSED unless every stratum
    has labels and the upper end of the interval in all is no more."""
    state, folder = open_finished(run_uri, MIX.name)
    sheet = read_sheet(_audit(folder) / "sheet.json")
    if sheet.fingerprint != state.folder.fingerprint:
        raise ConfigError(
            f"{_audit(folder)} is a sheet of {sheet.fingerprint}, and the run has become {state.folder.fingerprint} "
            f"since. Draw it again: evenweave audit {run_uri}"
        )
    labels = read_labels(StoragePath.of(labels_uri), sheet.fingerprint, sheet.items)
    found = rates(sheet, labels)
    _keep(folder, found, max_error)
    console.print(_table(found))
    if max_error is None:
        return PASSED
    why = _why_not(found, max_error)
    verdict = Text.assemble(("✗ ", "red"), why) if why else Text.assemble(("✓ ", "green"), _so(found, max_error))
    console.print(verdict, soft_wrap=True)
    return NOT_PASSED if why else PASSED


def _why_not(found: Rates, max_error: float) -> str | None:
    if found.unlabelled:
        first = " · ".join(found.unlabelled[0])
        return f"{len(found.unlabelled):,} strata have no label that is right or wrong; the first: {first}"
    if found.all.high > max_error:
        return (
            f"in all {found.all.share:.1%} are wrong, and up to {found.all.high:.1%} may be: more than {max_error:.1%}"
        )
    return None


def _so(found: Rates, max_error: float) -> str:
    return f"in all {found.all.share:.1%} are wrong, and no more than {found.all.high:.1%}: within {max_error:.1%}"


def _audit(folder: InstructFolder) -> StoragePath:
    return folder.root / "audit"


def _keep(folder: InstructFolder, found: Rates, max_error: float | None) -> None:
    strata = [{**stratum._asdict(), **rate._asdict()} for stratum, rate in found.strata.items()]
    values = {
        "format_version": FORMAT_VERSION,
        "fingerprint": folder.fingerprint,
        "confidence": CONFIDENCE,
        "interval": "Wilson",
        "max_error": max_error,
        "all": found.all._asdict(),
        "strata": strata,
    }
    (_audit(folder) / "rates.json").write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


def _table(found: Rates) -> Table:
    table = Table(f"wrong, with {CONFIDENCE:.0%} intervals (Wilson)", title_justify="left")
    for name in ("of", "labelled", "unsure", "wrong", "share", "interval"):
        table.add_column(name, justify="right")
    for stratum, rate in found.strata.items():
        table.add_row(Text(" · ".join(stratum)), *_cells(rate))
    table.add_section()
    table.add_row("all, by what there is", *_cells(found.all))
    return table


def _cells(rate: Rate) -> list[str]:
    counts = (rate.population, rate.labelled, rate.unsure, rate.wrong)
    share = f"{rate.share:.1%}" if rate.labelled else "–"
    return [*(f"{number:,}" for number in counts), share, f"{rate.low:.1%}–{rate.high:.1%}"]
