"""A finished run of instructions, without its jobs: two sources, texts that templates wrote, rows that compose made."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pyarrow as pa
from PIL import Image as Picture

from tests.transforms.packing.small_documents import turn
from transforms.conversations.document import Image
from transforms.datasets import SELECTION, ShardName, write_table
from transforms.images.hashing import content_hash
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Outcome, edit
from transforms.instruct.chain.part_files import read_rows, write_outcome
from transforms.instruct.rows import Medium, Row, to_table
from transforms.rejects import Counts
from transforms.run_folder import RunState, stage_fingerprints
from transforms.storage import StoragePath

STAGES = ["standardise", "safety", "compose", "templates", "mix", "publish"]
IDENTITY = {"stages": STAGES, "settings": {"seed": 0}, "inputs": {}}
PARTS = (ShardName("one", "a"), ShardName("two", "b"))
ROWS = 12
UNSAFE = '<script>alert("x")</script><img src=x onerror=y>'


def row(name: ShardName, at: int, picture: Medium) -> Row:
    messages = (turn("user", Image(0), f"What is {at}? {UNSAFE}"), turn("assistant", "cat"))
    language = "zh" if at % 3 == 0 else "en"
    key = f"{name.source}/{name.shard}/{at}"
    return Row(key, name.source, messages, media=(picture,), answers=read_answers(messages, ()), language=language)


def finished(root: pathlib.Path, drawn: int = ROWS) -> InstructFolder:
    """Of each part the first ``drawn`` rows were mixed; templates wrote over every question but the last."""
    root.mkdir(parents=True, exist_ok=True)
    Picture.new("RGB", (40, 30), "red").save(root / "p.png")
    data = (root / "p.png").read_bytes()
    picture = Medium("image", uri=str(root / "p.png"), size_bytes=len(data), content_hash=content_hash(data))
    prints = stage_fingerprints(IDENTITY)
    folder = InstructFolder(StoragePath.of(root / "run"), prints["publish"], tuple(STAGES), prints)
    state = RunState.open(folder, {}, IDENTITY)
    for name in PARTS:
        rows = [row(name, at, picture) for at in range(ROWS)]
        write_table(folder.rows(*name), to_table(rows), prints["standardise"], Counts(ROWS, ROWS))
        keys = [one.key for one in rows]
        covered = edit(rows[0], 1, 0, "[NAME]", "masked", "safety")
        write_outcome(folder, "safety", name, keys, Outcome(edits=[covered]))
        made = [
            replace(
                rows[1], key=f"{name.source}/{name.shard}/made", media=(picture, picture), category_by="compose:find"
            )
        ]
        write_outcome(folder, "compose", name, keys, Outcome(made=made))
        rows = read_rows(folder, name, "templates")
        edits = [
            edit(one, 0, 1, f"{one.messages[0].content[1].text}\nBe brief.", "template", "phrase/en/1")
            for one in rows[: ROWS - 1]
        ]  # type: ignore[union-attr]
        write_outcome(folder, "templates", name, [one.key for one in rows], Outcome(edits=edits))
        chosen = [*(one.key for one in rows[:drawn]), made[0].key]
        columns = [
            pa.array(chosen),
            pa.array([name.shard] * len(chosen)),
            pa.array([1] * len(chosen)),
            pa.array([1.0] * len(chosen)),
        ]
        table = pa.table(
            [column.cast(one.type) for column, one in zip(columns, SELECTION, strict=True)], schema=SELECTION
        )
        write_table(folder.selection(*name), table, prints["mix"], Counts(len(rows), len(chosen)))
    listing = pa.table({"source": [one.source for one in PARTS], "shard": [one.shard for one in PARTS]})
    write_table(folder.inputs, listing, prints["standardise"])
    for stage in STAGES:
        state.finish(stage, Counts(0, 0))
    return folder
