"""Job: a finished run → its concepts, sorted and searched, in the terminal or as CSV."""

from __future__ import annotations

import pyarrow as pa
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipelines.looking import look_into
from transforms.browsing.concepts import Order, order_rows, read_concept_counts, search_names
from transforms.browsing.table_files import write_csv
from transforms.storage import StoragePath

_MOST_PRINTED = 50


def run(run_folder_uri: str, order: Order, word: str | None, csv: str | None, console: Console | None = None) -> None:
    """Print the first concepts in ``order`` with ``word`` in their names (None: all), or write all of these to ``csv``.

    Raises RunFolderError where there is no run, or balance is not done.
    """
    console = console or Console()
    concepts = read_concept_counts(look_into(run_folder_uri, console))
    concepts = concepts.take(order_rows(concepts, order))
    if word is not None:
        concepts = search_names(concepts, word)
    if csv is None:
        _print(concepts, console)
    else:
        rows = write_csv(StoragePath.of(csv), concepts.schema, [concepts])
        console.print(Text(f"{rows:,} concepts: {csv}"), soft_wrap=True)


def _print(concepts: pa.Table, console: Console) -> None:
    table = Table(title="Concepts", title_justify="left", title_style="bold")
    table.add_column("concept")
    table.add_column("language")
    for name in ("before", "random", "after", "gain"):
        table.add_column(name, justify="right")
    for row in concepts.slice(0, _MOST_PRINTED).to_pylist():
        counts = (f"{row[name]:,}" for name in ("count_before", "count_random", "count_after"))
        gain = "–" if row["gain"] is None else f"{row['gain']:.2f}"
        table.add_row(escape(row["name"] or ""), escape(row["lang"] or ""), *counts, gain)
    console.print(table)
    shown = min(len(concepts), _MOST_PRINTED)
    more = "" if shown == len(concepts) else "; --csv FILE writes all of them"
    console.print(Text(f"{shown:,} of {len(concepts):,} concepts{more}"))
