"""The commands that look into runs that are there."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from pipelines.job_options import Set
from pipelines.packaged_configs import find_config
from transforms.browsing.concepts import Order
from transforms.configuration import load_settings

_Run = Annotated[str, typer.Argument(metavar="RUN", help="a finished run folder: a path or URI")]
_Html = Annotated[str | None, typer.Option("--html", metavar="FILE", help="where the page is written")]
_Csv = Annotated[str | None, typer.Option("--csv", metavar="FILE", help="write all of them there, as CSV")]


def add_browse_commands(app: typer.Typer) -> None:
    for command in (concepts, show, rejects, compare, audit, caption):
        app.command()(command)


def concepts(
    run: _Run,
    sort: Annotated[
        Order, typer.Option("--sort", help="by images before balancing, or by what balancing gave")
    ] = "common",
    search: Annotated[str | None, typer.Option("--search", metavar="WORD", help="only names that hold WORD")] = None,
    csv: _Csv = None,
) -> None:
    """The concepts of a run: images of each before balancing, in a random selection, and after."""
    from pipelines import concepts as job

    job.run(run, sort, search, csv)


def show(
    run: _Run,
    concept: Annotated[str | None, typer.Option("--concept", metavar="NAME", help="images that hold it")] = None,
    rejected: Annotated[str | None, typer.Option("--rejected", metavar="REASON", help="images left out for it")] = None,
    images: Annotated[int, typer.Option("--images", min=1, help="most of each kind")] = 48,
    html: _Html = None,
) -> None:
    """A sheet of images: those of a concept, kept and dropped, or those left out for a reason."""
    from pipelines import show as job

    job.run(run, concept, rejected, images, html)


def rejects(
    run: _Run,
    csv: _Csv = None,
    parquet: Annotated[str | None, typer.Option("--parquet", metavar="FILE", help="the same, as Parquet")] = None,
) -> None:
    """Every row that is not in the balanced corpus, by stage and reason; also those that balance did not choose."""
    from pipelines import rejects as job

    job.run(run, csv, parquet)


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="a finished run folder")],
    second: Annotated[str, typer.Argument(metavar="B", help="another")],
    html: _Html = None,
) -> None:
    """Two runs side by side: settings, counts, measures, chosen images, and the concepts that moved most."""
    from pipelines import compare as job

    job.run(first, second, html)


def audit(
    run: Annotated[str, typer.Argument(metavar="RUN", help="a run folder of evenweave instruct")],
    rows: Annotated[int, typer.Option("--rows", min=1, help="drawn of each source, stage and language")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="another draws others")] = 0,
    stage: Annotated[list[str] | None, typer.Option("--stage", help="only what it wrote; may be repeated")] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="FILE", help="JSON or CSV that the page saved: the error rates")
    ] = None,
    max_error: Annotated[
        float | None,
        typer.Option("--max-error", min=0, max=1, help="with --labels: ends with 1 unless no more than this is wrong"),
    ] = None,
) -> None:
    """A sheet of what stages wrote, before and after, for a person to label; with --labels, what is wrong of it."""
    from pipelines import audit as job
    from transforms.errors import ConfigError

    if labels is not None:
        raise typer.Exit(job.judge(run, labels, max_error, Console()))
    if max_error is not None:
        raise ConfigError("--max-error needs --labels: what a person said of the sheet")
    job.draw_sheet(run, rows, seed, stage or [], Console())


def caption(
    run: Annotated[str, typer.Argument(metavar="RUN", help="a run folder of build, with a selection")],
    config: Annotated[
        str, typer.Option("--config", metavar="CONFIG", help="YAML of the job: which server, which languages")
    ] = "caption/mini.yaml",
    overrides: Set = None,
) -> None:
    """Captions of the images that balance chose, by a model behind a server; export then writes them out."""
    from pipelines import caption as job

    settings = load_settings(find_config(config), job.CaptionJobSettings, overrides)
    job.run(run, settings, Console())
