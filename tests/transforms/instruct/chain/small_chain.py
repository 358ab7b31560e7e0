"""A part of instruction rows on disk, as standardise leaves it, and stages after it."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from tests.transforms.packing.small_documents import turn
from transforms.datasets import ShardName, write_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.rows import Answer, Row, to_table
from transforms.rejects import Counts
from transforms.storage import StoragePath

PART = ShardName("s", "a")
STAGES = ("standardise", "safety", "validate", "mix", "publish")


def asking(key: str, *answers: str, question: str = "What?") -> Row:
    """A row of as many turns as there are answers; ``key`` is told apart in the part alone."""
    messages = [one for answer in answers for one in (turn("user", question), turn("assistant", answer))]
    parsed = tuple(Answer(2 * at + 1, "free", None) for at in range(len(answers)))
    return Row(f"s/a/{key}", "s", tuple(messages), answers=parsed, source_record="{}")


def folder_of(path: pathlib.Path, rows: Sequence[Row]) -> InstructFolder:
    prints = {stage: f"{place:016x}" for place, stage in enumerate(STAGES)}
    folder = InstructFolder(StoragePath.of(str(path)), "f" * 16, STAGES, prints)
    table = to_table(rows)
    write_table(folder.rows(*PART), table, prints["standardise"], Counts(len(rows), len(rows)))
    return folder
