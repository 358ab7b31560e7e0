"""instruct inspect: a look at a set of instruction data, and the YAML that would describe it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transforms.conversations.document import Message
from transforms.conversations.document import Text as TextPart
from transforms.instruct.grounding.evidence import describe
from transforms.instruct.inspection import Inspection, inspect
from transforms.instruct.proposal import proposal
from transforms.instruct.rows import Row
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath, absolute

_MOST_CHARACTERS = 300  # of a turn that is shown
_MOST_CANDIDATES = 8


def run(path: str, media: str | None, media_prefix: str, records: int, console: Console) -> None:
    """Print what a set holds and what has to be declared of it; raises InputError where there is nothing to read."""
    stem = re.sub(r"[^a-z0-9]+", "_", StoragePath.of(path).stem.lower()).strip("_") or "source"
    source = InstructSource(
        name=stem, path=absolute(path), media=absolute(media) if media else None, media_prefix=media_prefix
    )
    found = inspect(source, records)
    _print_rows(found.rows, console)
    console.print(_counts(found))
    if found.candidates:
        console.print(_evidence(found))
    console.print(Text(proposal(found)), soft_wrap=True)


def _print_rows(rows: Iterable[Row], console: Console) -> None:
    for row in rows:
        console.print(Text(row.key, "bold"), soft_wrap=True)
        forms = {answer.message: answer.form for answer in row.answers}
        for index, message in enumerate(row.messages):
            note = f" [{forms[index]}]" if index in forms else ""
            console.print(Text.assemble((f"  {message.role}{note}: ", "cyan"), _shown(message)), soft_wrap=True)


def _shown(message: Message) -> str:
    said = "".join(
        part.text if isinstance(part, TextPart) else f"<{type(part).__name__.lower()} {part.index}>"
        for part in message.content
    )
    line = " ".join(said.split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]}…"


def _counts(found: Inspection) -> Table:
    table = Table("", f"{found.records} records", box=None, header_style="bold")
    media = {**found.media, "read": found.measured, "not found": len(found.missing), **found.faults}
    for name, counts in (
        ("adapters", found.adapters),
        ("answers", found.forms),
        ("answers a record", found.turns),
        ("languages", found.languages),
        ("licences", found.licences),
        ("images and videos", media if found.media else {}),
        ("without a place", {"records": found.unplaced}),
        ("boxes", found.notations),
        ("unexpected keys, kept", found.unexpected),
    ):
        table.add_row(name, Text(_told(counts)))
    for reason, count in found.rejects.most_common():
        table.add_row(Text(f"rejected: {reason}"), Text(f"{count}; the first: {found.details[reason]}"))
    return table


def _told(counts: Mapping[str, int] | Mapping[int, int]) -> str:
    told = [f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1]) if count]
    return ", ".join(told) or "none"


def _evidence(found: Inspection) -> Table:
    table = Table("boxes if written as", "judged", "inside", "reach", box=None, header_style="bold")
    for candidate in [one for one in found.candidates if one.boxes][:_MOST_CANDIDATES]:
        figures = (str(candidate.boxes), f"{candidate.inside:.1%}", f"{candidate.reach:.2f}")
        table.add_row(Text(describe(candidate), "bold" if candidate.is_likely else ""), *figures)
    return table
