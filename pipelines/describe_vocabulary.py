"""vocabulary describe and search: what a built vocabulary holds, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.storage import StoragePath
from transforms.vocabularies.describing import Group, blocked, by_mark, by_value, grouped, merged
from transforms.vocabularies.describing import search as find
from transforms.vocabularies.files import read_vocabulary


def describe(folder: str, examples: int, console: Console) -> None:
    """Tables of what it holds; raises InputError where the folder holds no vocabulary."""
    vocabulary = read_vocabulary(StoragePath.of(folder))
    about = vocabulary.about
    console.print(Text.assemble((f"{len(vocabulary):,} concepts", "bold"), f" in {folder}"), soft_wrap=True)
    for source in about["sources"]:
        console.print(Text(f"{source['name']}: {source['about']}; {source['licence']}"), soft_wrap=True)
    for title, column in (("source", "source"), ("language", "language"), ("type", "type"), ("told by", "type_method")):
        console.print(_table(title, by_value(vocabulary, column, examples)))
    console.print(_table("marked", by_mark(vocabulary, examples)))
    console.print(_table("merged", [*merged(vocabulary, examples), grouped(vocabulary, examples)]))
    console.print(_table("left out", blocked(vocabulary, examples)))
    if over := about["over_cap"]:
        told = ", ".join(f"{source} {count:,}" for source, count in over.items())
        console.print(Text(f"entries beyond a cap: {told}"), soft_wrap=True)
    for language, accuracy in about["type_accuracy"].items():
        console.print(_accuracy(accuracy["by_method"], accuracy["hidden"], language))


def search(folder: str, query: str, most: int, console: Console) -> None:
    """A line a concept; raises InputError where the folder holds no vocabulary."""
    hits = find(read_vocabulary(StoragePath.of(folder)), query, most)
    table = Table("row", "uid", "concept", "type", "source", "found by", box=None, header_style="bold")
    for hit in hits:
        texts = (str(hit.row), f"{hit.uid:016x}", hit.name, hit.type or "", hit.source, hit.matched)
        table.add_row(*map(Text, texts))
    console.print(table if hits else Text(f"no concept is spelt with {query!r}"))


def _table(title: str, groups: Sequence[Group]) -> Table:
    table = Table(title, "concepts", "examples", box=None, header_style="bold")
    table.columns[1].justify = "right"
    for group in groups:
        table.add_row(Text(group.name), f"{group.concepts:,}", Text(", ".join(group.examples)))
    return table


def _accuracy(by_method: dict[str, dict[str, int]], hidden: int, language: str) -> Table:
    table = Table(f"types of {hidden:,} hidden lemmas, {language}", "typed", "right", box=None, header_style="bold")
    for method, one in by_method.items():
        share = f"{one['right']:,} ({one['right'] / one['typed']:.0%})"
        table.add_row(Text(method), f"{one['typed']:,}", share)
    return table
