"""Inputs of a run that have changed since they were read, though their names and sizes have not.

``inputs.parquet`` keeps what tells the version of each. It is no part of the fingerprint, so that bytes do not depend
on when a file was copied; where it differs, the input is read and compared with what was made of it, by its digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipelines.engine.settings import available_cores
from transforms.datasets import read_table, write_table
from transforms.errors import InputError
from transforms.reading.inputs import VersionedInput, inputs_table
from transforms.run_folder import RunFolder, RunState
from transforms.stages import Stage
from transforms.verifying.repair import go_back

_MOST_NAMED = 5

InputT = TypeVar("InputT", bound=VersionedInput)


class Products(Protocol[InputT]):
    """What the first stage that reads inputs made of them. ``done``: what it did to them, as in "was annotated"."""

    @property
    def stage(self) -> Stage: ...
    @property
    def done(self) -> str: ...
    @property
    def folder(self) -> RunFolder: ...
    @property
    def inputs(self) -> Sequence[InputT]: ...

    def made(self) -> list[InputT]:
        """The inputs of which something was made."""

    def is_changed(self, one: InputT, /) -> bool:
        """Whether something was made of an input, and it holds other things now; reads it."""

    def remove(self, changed: Sequence[InputT], /) -> None:
        """What was made of these."""


def settle_inputs(state: RunState, products: Products[InputT], accept_changed: bool, console: Console) -> None:
    """Leaves inputs.parquet as the inputs are now.

    Raises InputError for inputs that are not what was read; with ``accept_changed``, what was made of them is removed
    instead, and so is all that later stages made. Where there is no inputs.parquet, all of which something was made
    are compared.
    """
    folder = products.folder
    now = inputs_table(products.inputs)
    if folder.inputs.is_file():
        before = read_table(folder.inputs, folder.fingerprint)
        if before.equals(now):
            return
        suspects = of_another_version(before, now, products.inputs)
    else:
        suspects = products.made()
    changed = compare(products, suspects, console)
    if changed and not accept_changed:
        raise InputError(
            f"{_named(changed)} of {folder.root} had other content when {products.done}. Put the earlier content "
            f"back, or add --accept-changed: they are {products.done} again, and later stages repeated."
        )
    if changed:  # inputs.parquet stays as it was to the last: broken off in between, the next run compares again
        go_back(state, products.stage)
        products.remove(changed)
    write_table(folder.inputs, now, folder.fingerprint)


def of_another_version(before: pa.Table, now: pa.Table, inputs: Sequence[InputT]) -> list[InputT]:
    """Those of which ``before`` knows another version, or none."""
    columns = ("source", "shard", "size_bytes", "version")
    known = set(zip(*(before[name].to_pylist() for name in columns), strict=True))
    rows = zip(*(now[name].to_pylist() for name in columns), strict=True)
    return [one for one, row in zip(inputs, rows, strict=True) if row not in known]


def compare(products: Products[InputT], suspects: Sequence[InputT], console: Console) -> list[InputT]:
    """Those that differ from what was read; each is read again, some at a time."""
    if not suspects:
        return []
    what = f"{len(suspects):,} of {len(products.inputs):,} may have changed: reading them, to compare"
    console.print(Text.assemble(("inputs:", "yellow"), f" {what} with what was {products.done}"), soft_wrap=True)
    columns = (TextColumn("compare"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
        ThreadPoolExecutor(2 * available_cores(), "compare inputs") as pool,
    ):
        different = progress.track(pool.map(products.is_changed, suspects), len(suspects))
        return [one for one, differs in zip(suspects, different, strict=True) if differs]


def _named(inputs: Sequence[VersionedInput]) -> str:
    names = ", ".join(f"{one.source}/{one.name}" for one in inputs[:_MOST_NAMED])
    more = f" and {len(inputs) - _MOST_NAMED:,} more" if len(inputs) > _MOST_NAMED else ""
    return f"{len(inputs):,} input shard{'s' * (len(inputs) > 1)} ({names}{more})"
