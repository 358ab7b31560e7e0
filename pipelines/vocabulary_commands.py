"""``evenweave vocabulary CONFIG``, the stage of a build, and what makes a vocabulary from sources and looks into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from pipelines.config_or_command import RUN, ConfigOrCommand
from pipelines.engine.choice import engine_for
from pipelines.job_options import Config, Flags, Set, as_overrides
from transforms.configuration import load_settings
from transforms.stages import VOCABULARY, Stage

_Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="a vocabulary that build wrote")]


def add_vocabulary_commands(app: typer.Typer, add_stage: Callable[[Stage, typer.Typer, str], None]) -> None:
    """``add_stage`` adds the command of a stage alone to a group, under a name."""
    group = typer.Typer(
        help="Concepts from sources: build, describe, search, diff; vocabulary CONFIG is the stage of a build alone "
        "(its options: evenweave vocabulary CONFIG --help).",
        no_args_is_help=True,
        cls=ConfigOrCommand,
    )
    add_stage(VOCABULARY, group, RUN)
    group.command()(build)
    group.command()(describe)
    group.command()(search)
    group.command()(diff)
    group.command()(check)
    app.add_typer(group, name=VOCABULARY.name)


def build(
    config: Config,
    beam_flags: Flags = None,
    overrides: Set = None,
    output: Annotated[str | None, typer.Option("--output", help="folder, in place of the one configured")] = None,
) -> None:
    """A vocabulary from WordNet, Wikipedia, page views, lists and tables, with types and where each concept is from."""
    from pipelines import build_vocabulary as job
    from pipelines.vocabulary_build_settings import VocabularyBuildSettings

    settings = load_settings(config, VocabularyBuildSettings, as_overrides(overrides, output))
    job.run(settings, engine_for(settings, settings.runner, beam_flags or []), Console())


def describe(
    folder: _Folder,
    examples: Annotated[int, typer.Option("--examples", min=0, help="how many of each kind are shown")] = 5,
) -> None:
    """How many concepts a vocabulary holds by source, language, type and mark, what was merged and what left."""
    from pipelines import describe_vocabulary as job

    job.describe(folder, examples, Console())


def search(
    folder: _Folder,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="words, as a concept may be spelt")],
    most: Annotated[int, typer.Option("--most", min=1, help="how many concepts are shown")] = 20,
) -> None:
    """Concepts whose spellings hold the words."""
    from pipelines import describe_vocabulary as job

    job.search(folder, query, most, Console())


def diff(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="a vocabulary that build wrote")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="another one")],
    examples: Annotated[int, typer.Option("--examples", min=0, help="how many of each kind are shown")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="all that differs, as JSON")] = False,
) -> None:
    """What differs between two vocabularies: concepts added, removed, merged, renamed, of other types or marks."""
    from pipelines import compare_vocabularies as job

    job.run(first, second, examples, as_json, Console())


def check(
    run: Annotated[str, typer.Argument(metavar="RUN", help="a finished run folder: a path or URI")],
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="least score of a sure concept (balance.min_similarity)"),
    ] = None,
    most: Annotated[int, typer.Option("--most", min=0, help="how many hubs are shown")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
) -> None:
    """Whether retrieval is right: what images were given beside what their captions name, and concepts given to far too
    many."""
    from pipelines import check_vocabulary as job

    job.run(run, threshold, most, as_json)
