"""Job: a finished run folder → report/index.html, its pictures, the dataset card, and tables in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from pipelines.looking import look_into
from transforms.browsing.corpus_images import CorpusImages
from transforms.browsing.settings import RecordedSettings
from transforms.exporting.card import CARD, Measure, Picture, render_card
from transforms.exporting.manifest import read_manifest
from transforms.reading.settings import SourceSettings
from transforms.reporting.figures import RANK_FREQUENCY, render_figures
from transforms.reporting.gather import gather
from transforms.reporting.page import render
from transforms.reporting.summary import RunSummary
from transforms.reporting.terminal import print_summary
from transforms.run_folder import RunFolder
from transforms.stages import EXPORT
from transforms.storage import StoragePath


def run(run_folder_uri: str, console: Console | None = None) -> StoragePath:
    """Write the report of a run and print its tables; returns where the page lies. Files that are right stay untouched.

    Raises RunFolderError where there is no run, or naming the stage that it still lacks.
    """
    console = console or Console()
    state = look_into(run_folder_uri, console)
    settings = RecordedSettings.of(state)
    with CorpusImages(settings.sources, settings.files_per_shard) as images:
        summary = gather(state, images)
    page = state.folder.report
    page.keep_bytes(render(summary).encode())
    figures = render_figures(summary.concept_counts)
    for name, data in figures.items():
        (page.parent / name).keep_bytes(data)
    if state.is_done(EXPORT.name) and state.manifest_of(EXPORT) and not state.is_older:
        _write_card(state.folder, summary, settings.sources, figures)
    print_summary(summary, console, page)
    return page


def _write_card(
    folder: RunFolder, summary: RunSummary, sources: Sequence[SourceSettings], figures: dict[str, bytes]
) -> None:
    """The card of the exported shards, now with measures and a picture; the picture lies beside it, to travel along."""
    picture = f"{RANK_FREQUENCY}.png"
    (folder.shards / picture).keep_bytes(figures[picture])
    card = render_card(
        read_manifest(folder.shards, folder.fingerprint),
        {source.name: source for source in sources},
        summary.notable_settings(),
        [Measure(row.name, row.before, row.random, row.after) for row in summary.measures],
        [Picture("Images a concept by rank: before, random of the same size, and after", picture)],
    )
    (folder.shards / CARD).keep_bytes(card.encode())
