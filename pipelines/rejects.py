"""Job: a run → every row that is not in the balanced corpus: counted by stage and reason, or written row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pyarrow as pa
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipelines.looking import look_into
from transforms.browsing.rejects import LEFT_OUT, leaving_stages, read_left_out
from transforms.browsing.table_files import write_csv, write_parquet
from transforms.errors import ConfigError, RunFolderError
from transforms.run_folder import RunState
from transforms.storage import StoragePath

#: (stage, reason) → rows
_Tally = Counter[tuple[str, str]]


def run(run_folder_uri: str, csv: str | None, parquet: str | None, console: Console | None = None) -> None:
    """Print how many rows each stage left out for each reason; write the rows to ``csv`` or ``parquet`` where asked.

    Raises ConfigError for both files at once, RunFolderError where there is no run, or where the rows found are not
    as many as were counted.
    """
    if csv is not None and parquet is not None:
        raise ConfigError("--csv and --parquet at once: ask for one of them")
    console = console or Console()
    state = look_into(run_folder_uri, console)
    counted: _Tally = Counter()
    for stage in leaving_stages(state):
        counted.update({(stage.name, reason): rows for reason, rows in state.counts(stage.name).rejects.items()})
    file = csv or parquet
    if file is not None:
        write, found = write_csv if csv is not None else write_parquet, Counter[tuple[str, str]]()
        write(StoragePath.of(file), LEFT_OUT, _checked(state, counted, found))
    _print(counted, console)
    if file is not None:
        console.print(Text(f"{counted.total():,} rows: {file}"), soft_wrap=True)


def _checked(state: RunState, counted: _Tally, found: _Tally) -> Iterator[pa.Table]:
    """The rows, tallied in ``found``; raises at their end, so that no file is written of others than were counted."""
    for table in read_left_out(state):
        pairs: Iterable[tuple[str, str]] = zip(table["stage"].to_pylist(), table["reason"].to_pylist(), strict=True)
        found.update(pairs)
        yield table
    if differing := sorted(pair for pair in {*counted, *found} if counted[pair] != found[pair]):
        stage, reason = differing[0]
        raise RunFolderError(
            f"{state.folder.root} holds {found[differing[0]]} rows that {stage} left out as {reason}, run.json counts "
            f"{counted[differing[0]]}. evenweave verify {state.folder.root} looks through the whole run."
        )


def _print(counted: _Tally, console: Console) -> None:
    table = Table(title="What is not in the balanced corpus", title_justify="left", title_style="bold")
    table.add_column("stage")
    table.add_column("reason")
    table.add_column("rows", justify="right")
    for (stage, reason), rows in counted.items():  # stages in the order of the flow, reasons in that of run.json
        table.add_row(escape(stage), escape(reason.replace("_", " ")), f"{rows:,}")
    console.print(table)
