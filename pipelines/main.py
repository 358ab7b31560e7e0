"""The command line: ``evenweave <job> CONFIG [--set a.b=c] [-- beam flags]``."""

from __future__ import annotations

import dataclasses
import io
import logging
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

import evenweave  # noqa: F401 - first: it says where another's package is imported in place of one of ours

# Beam warns while it is imported about extras that are not installed; a handler in place first keeps that quiet
logging.getLogger().addHandler(logging.NullHandler())

from pipelines.browse_commands import add_browse_commands  # noqa: E402
from pipelines.build import build as build_stages  # noqa: E402
from pipelines.build_run import BuildRun  # noqa: E402
from pipelines.build_settings import BuildSettings  # noqa: E402
from pipelines.common_options import common_options, log_end  # noqa: E402
from pipelines.engine.choice import engine_for  # noqa: E402
from pipelines.instruct_commands import add_instruct_commands  # noqa: E402
from pipelines.job_options import AcceptChanged, Config, Flags, Output, Set, as_overrides  # noqa: E402
from pipelines.packaged_configs import find_config  # noqa: E402
from pipelines.stopping import StopOnSignal  # noqa: E402
from pipelines.vocabulary_commands import add_vocabulary_commands  # noqa: E402
from transforms.configuration import load_settings, refuse_placeholders  # noqa: E402
from transforms.errors import EXIT_STATUS, ConfigError, EvenweaveError, show_error  # noqa: E402
from transforms.stages import CHAIN, FILTER, VOCABULARY, Stage  # noqa: E402

app = typer.Typer(
    help="Concept-balanced image-text corpora: annotate, deduplicate, balance, export, report, pack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    callback=common_options,
)

_Input = Annotated[
    str | None, typer.Option("--input", help="tars, Parquet files or images to read in place of the sources")
]


@app.command()
def build(
    config: Config,
    beam_flags: Flags = None,
    overrides: Set = None,
    input_path: _Input = None,
    output: Output = None,
    size: Annotated[int | None, typer.Option("--size", help="samples to select, in place of balance.size")] = None,
    accept_changed: AcceptChanged = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="try the chain on so many samples, in a run folder of its own"),
    ] = None,
) -> None:
    """The whole chain, from raw shards to balanced shards and the report."""
    run = _open_run(config, beam_flags, overrides, input_path, output, accept_changed, size)
    if limit is not None:
        from pipelines.trial import of_trial

        run = dataclasses.replace(run, settings=of_trial(run.settings, limit, output))
        chosen = f" a trial on at most {limit:,} samples, of which {run.settings.balance.size:,} are selected"
        run.console.print(Text.assemble(("limit:", "yellow"), chosen), soft_wrap=True)
    run.console.print(Text.assemble(("evenweave build", "bold"), f" {config} → {run.settings.output}"))
    build_stages(run)
    _report(run.settings.output, run.console)


@app.command()
def init(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="where build.yaml and concepts.txt are written")],
    input_path: Annotated[
        str | None, typer.Option("--input", help="tars, Parquet files or images; their format is told from the files")
    ] = None,
) -> None:
    """A commented configuration for data of one's own."""
    from pipelines import init as job

    job.run(folder, input_path, Console())


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="a finished run folder")],
) -> None:
    """A table in the terminal, and RUN/report/index.html."""
    _report(run, Console())


@app.command()
def whatif(
    run: Annotated[str, typer.Argument(metavar="RUN", help="a run folder that balance has finished")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="balance.size=500; several values are tried each: 500,1000"),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="by all passes over the annotations, not from the sample")
    ] = False,
) -> None:
    """What another balance would come to, and how sure that is; no stage's output is changed."""
    from pipelines import whatif as job

    job.run(run, overrides or [], exact, Console())


@app.command()
def plan(
    config: Config,
    overrides: Set = None,
    input_path: _Input = None,
    sample: Annotated[int, typer.Option("--sample", min=2, help="images that are measured on")] = 1000,
    prices: Annotated[str, typer.Option("--prices", help="YAML with the prices", callback=find_config)] = (
        "plan/prices.yaml"
    ),
    costs: Annotated[
        str | None, typer.Option("--costs", help="what an earlier plan measured; written where there is no such file")
    ] = None,
) -> None:
    """What a build would take, by stage: hours, bytes, calls and money, from samples; nothing of the run is made."""
    from pipelines import plan as job

    settings = _with_input(load_settings(config, BuildSettings, as_overrides(overrides, None)), input_path, overrides)
    refuse_placeholders(settings)
    job.run(settings, sample, prices, costs, Console())


@app.command()
def verify(
    run: Annotated[str, typer.Argument(metavar="RUN", help="a run folder, of build or pack")],
    repair: Annotated[
        bool, typer.Option("--repair", help="remove what is broken, and what was made of it; build makes it anew")
    ] = False,
) -> None:
    """What the stages of a run wrote against checksums, manifest and run.json; ends with 1 where it is not sound."""
    from pipelines import verify as job

    raise typer.Exit(job.run(run, repair))


@app.command()
def pack(
    config: Config,
    beam_flags: Flags = None,
    overrides: Set = None,
    output: Output = None,
    accept_changed: AcceptChanged = False,
) -> None:
    """Documents into packs of equal length, with their tokens and labels, as a trainer reads them."""
    from pipelines import pack as job
    from pipelines.pack_settings import PackJobSettings

    settings = load_settings(config, PackJobSettings, as_overrides(overrides, output))
    job.run(settings, engine_for(settings, settings.runner, beam_flags or []), accept_changed=accept_changed)


@app.command()
def merge(
    vision: Annotated[str, typer.Option(help="folder of a RICE (MLCD) vision tower")],
    text: Annotated[str, typer.Option(help="folder of a Qwen3 language model")],
    output: Annotated[str, typer.Option(help="folder of the joined checkpoint")],
) -> None:
    """A vision tower and a language model into one checkpoint to begin training from."""
    from model.checkpoints.merge import merge as join

    join(vision, text, output)


@app.command()
def train(config: Config, overrides: Set = None) -> None:
    """Train a model on packed documents, or go on where it stopped; with torchrun: python -m model.train."""
    from model.train import train as job

    if not job(config, overrides):
        raise typer.Exit(75)  # stopped by a signal, to be gone on with: EX_TEMPFAIL of sysexits.h


def _stage_command(stage: Stage, group: typer.Typer = app, name: str | None = None) -> None:
    """``name``: of the command, where it is not that of the stage."""

    def command(
        config: Config,
        beam_flags: Flags = None,
        overrides: Set = None,
        input_path: _Input = None,
        output: Output = None,
        accept_changed: AcceptChanged = False,
    ) -> None:
        build_stages(_open_run(config, beam_flags, overrides, input_path, output, accept_changed), [stage])

    about = f"The {stage.name} stage alone, over what the stages before it wrote."
    group.command(name or stage.name, help=about, hidden=name is not None)(command)


for _stage in CHAIN:
    if _stage not in (FILTER, VOCABULARY):
        _stage_command(_stage)


@app.command(FILTER.name)
def filter_(
    config: Config,
    beam_flags: Flags = None,
    overrides: Set = None,
    input_path: _Input = None,
    output: Output = None,
    accept_changed: AcceptChanged = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="only tell what each rule would drop of a run's annotations; write nothing"),
    ] = False,
) -> None:
    """The filter stage alone: what the rules of the configuration refuse."""
    run = _open_run(config, beam_flags, overrides, input_path, output, accept_changed)
    if run.leaves_out(FILTER):
        run.console.print("No rule of filter is on: there is nothing to do. Set one, as in --set filter.min_side=200")
    elif dry_run:
        from pipelines.filter import try_out

        try_out(run)
    else:
        build_stages(run, [FILTER])


add_browse_commands(app)
add_instruct_commands(app)
add_vocabulary_commands(app, _stage_command)


def _open_run(
    config: str,
    beam_flags: list[str] | None,
    overrides: list[str] | None,
    input_path: str | None,
    output: str | None,
    accept_changed: bool,
    size: int | None = None,
) -> BuildRun:
    """What ``build`` and each of its stages alone begin with; ``input_path`` takes the place of the sources, its format
    told from the files."""
    settings = load_settings(config, BuildSettings, as_overrides(overrides, output, size))
    settings = _with_input(settings, input_path, overrides)
    return BuildRun(settings, engine_for(settings, settings.runner, beam_flags or []), Console(), accept_changed)


def _with_input(settings: BuildSettings, input_path: str | None, overrides: list[str] | None) -> BuildSettings:
    if input_path is None:
        return settings
    if lost := [override for override in overrides or [] if override.startswith("sources.")]:
        raise ConfigError(
            f"--set {lost[0]} says something of a source, and --input {input_path} takes the place of all: write a "
            f"configuration with evenweave init FOLDER --input {input_path}, and set it there"
        )
    from transforms.reading.detect import detect_source

    source = detect_source(input_path)
    if source.captions is not None:
        Console().print(Text.assemble(("captions:", "bold"), f" those of {source.captions}"), soft_wrap=True)
    return settings.model_copy(update={"sources": [source], "miniature": None})


def _report(run: str, console: Console) -> None:
    from pipelines import report as job

    job.run(run, console)


def main() -> None:
    """Entry point; an error that is the user's to mend is printed without a traceback, and ends with status 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that is not UTF-8, or a terminal that is not
    with StopOnSignal() as stopping:
        try:
            with log_end():
                app()
        except EvenweaveError as error:
            if not stopping.received:  # else it tells of a worker that had the signal too
                show_error(error)
                sys.exit(EXIT_STATUS)


if __name__ == "__main__":
    main()
