"""Job: a finished run → a sheet of its images: those of a concept, kept and dropped, or those left out for a reason."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text

from pipelines.looking import look_into
from transforms.browsing.sheets import Sheet, concept_sheet, rejected_sheet
from transforms.errors import ConfigError
from transforms.reporting.sheet_page import render_sheet
from transforms.run_folder import RunState
from transforms.storage import StoragePath


def run(
    run_folder_uri: str,
    concept: str | None,
    rejected: str | None,
    images: int,
    html: str | None,
    console: Console | None = None,
) -> StoragePath:
    """Write the sheet to ``html`` (None: into the run's report/) and print what it holds; returns where it lies.

    Raises ConfigError unless one of ``concept`` and ``rejected`` is given, InputError where the run has no such
    concept or reason, RunFolderError where there is no run or balance is not done.
    """
    if (concept is None) == (rejected is None):
        raise ConfigError("say which images: --concept NAME or --rejected REASON, one of them")
    console = console or Console()
    state = look_into(run_folder_uri, console)
    sheet = concept_sheet(state, concept, images) if concept is not None else _rejected(state, rejected or "", images)
    page = StoragePath.of(html) if html is not None else state.folder.report.parent / _file_name(concept, rejected)
    page.write_text(render_sheet(sheet, str(state.folder.root), state.folder.fingerprint))
    _say(sheet, page, console)
    return page


def _rejected(state: RunState, reason: str, images: int) -> Sheet:
    return rejected_sheet(state, reason.replace(" ", "_").replace("-", "_"), images)


def _file_name(concept: str | None, rejected: str | None) -> str:
    """Letters and digits of any script stay; what a file system or a shell may take amiss becomes a hyphen."""
    kind, name = ("concept", concept) if concept is not None else ("rejected", rejected)
    plain = re.sub(r"\W+", "-", name or "").strip("-")[:80]
    return f"{kind}-{plain or 'unnamed'}.html"


def _say(sheet: Sheet, page: StoragePath, console: Console) -> None:
    for part in sheet.parts:
        unread = sum(image.thumbnail is None for image in part.images)
        of = "" if part.total is None else f" of {part.total:,}"
        lost = f" ({unread:,} without a picture that can be read)" if unread else ""
        console.print(Text(f"{part.title}: {len(part.images):,}{of} shown{lost}"))
    console.print(Text(f"Sheet: {page}"), soft_wrap=True)
