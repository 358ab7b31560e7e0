"""vocabulary diff: what differs between two built vocabularies, in the terminal or as JSON."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.storage import StoragePath
from transforms.vocabularies.difference import Change, Concept, Difference, difference
from transforms.vocabularies.files import read_vocabulary


def run(first: str, second: str, examples: int, as_json: bool, console: Console) -> None:
    """Raises InputError where either folder holds no vocabulary."""
    found = difference(*(read_vocabulary(StoragePath.of(folder)) for folder in (first, second)))
    if as_json:
        console.print(Text(found.as_json()), soft_wrap=True)
    else:
        _print(found, first, second, examples, console)


def _print(found: Difference, first: str, second: str, examples: int, console: Console) -> None:
    for folder, concepts in zip((first, second), found.concepts, strict=True):
        console.print(Text(f"{folder}: {concepts:,} concepts"), soft_wrap=True)
    console.print(Text(f"{found.same:,} are the same in both"))
    table = Table("differs", "concepts", "examples", box=None, header_style="bold")
    table.columns[1].justify = "right"
    for kind, ones in found.kinds.items():
        table.add_row(Text(kind), f"{len(ones):,}", Text(", ".join(map(_told, ones[:examples]))))
    console.print(table)


def _told(one: Concept | Change) -> str:
    if isinstance(one, Change):
        return f"{one.name} ({one.before} → {one.after})"
    return one.name if one.merged_with is None else f"{one.name} ({one.merged_with})"
