"""``evenweave instruct CONFIG``, and what looks at a set before it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from pipelines.config_or_command import RUN, ConfigOrCommand
from pipelines.engine.choice import engine_for
from pipelines.job_options import AcceptChanged, Config, Flags, Output, Set, as_overrides
from transforms.configuration import load_settings


def add_instruct_commands(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Instruction sets of many shapes → one clean mixture: evenweave instruct CONFIG "
        "(its options: evenweave instruct CONFIG --help).",
        no_args_is_help=True,
        cls=ConfigOrCommand,
    )
    group.command(RUN, hidden=True)(run)
    group.command()(inspect)
    group.command()(fingerprint)
    app.add_typer(group, name="instruct")
    app.command()(remix)


def run(
    config: Config,
    beam_flags: Flags = None,
    overrides: Set = None,
    output: Output = None,
    accept_changed: AcceptChanged = False,
    remake: Annotated[
        bool, typer.Option("--remake", help="make anew what other settings made, and what came after; keep the rest")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="run what comes before the models, and say what asking them would take")
    ] = False,
) -> None:
    """The whole chain, from sources to the mixture and the report."""
    from pipelines.instruct.chain import instruct, plan_asking
    from pipelines.instruct.run import InstructRun
    from pipelines.instruct.settings import InstructSettings

    settings = load_settings(config, InstructSettings, as_overrides(overrides, output))
    console = Console()
    console.print(Text.assemble(("evenweave instruct", "bold"), f" {config} → {settings.output}"))
    engine = engine_for(settings, settings.runner, beam_flags or [])
    job = plan_asking if plan else instruct
    job(InstructRun(settings, engine, console, accept_changed, remake))


def inspect(
    path: Annotated[str, typer.Argument(metavar="PATH", help="file, folder or pattern: JSON, Parquet, tars")],
    media: Annotated[
        str | None, typer.Option("--media", help="the folder that images and videos are named from")
    ] = None,
    media_prefix: Annotated[str, typer.Option("--media-prefix", help="left out at the beginning of names")] = "",
    records: Annotated[int, typer.Option("--records", min=1, help="how many are read at most")] = 10_000,
) -> None:
    """What a set of instruction data holds, what has to be declared of it, and the YAML to begin with."""
    from pipelines.instruct import inspect as job

    job.run(path, media, media_prefix, records, Console())


def fingerprint(
    config: Annotated[str, typer.Argument(metavar="BENCHMARKS", help="YAML with a list of benchmarks")],
    output: Annotated[str, typer.Argument(metavar="FOLDER", help="where a file of each is written")],
) -> None:
    """Hashes of benchmarks, without their content, for decontaminate.benchmarks of a mixture."""
    from pipelines.instruct import fingerprint as job

    job.run(config, output, Console())


def remix(
    run: Annotated[str, typer.Argument(metavar="RUN", help="a finished run folder of evenweave instruct")],
    beam_flags: Flags = None,
    overrides: Set = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="STAGE", help="leave it out; may be repeated")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="only say which stages would be made anew")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="also those that ask a model for what the cache lacks")] = False,
) -> None:
    """Other shares, or a stage less, from what a run's stages left; with a table of the rows that this changes."""
    from pipelines import remix as job
    from pipelines.engine.choice import choose_engine
    from pipelines.engine.settings import RunnerSettings

    engine = choose_engine(RunnerSettings(), beam_flags or [])
    job.run(run, overrides or [], without or [], engine, Console(), plan, ask)
