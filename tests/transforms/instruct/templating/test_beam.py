"""The stage over two parts: what it writes, what it leaves, and the same after a part is lost."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import apache_beam as beam
import pytest

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from tests.transforms.packing.small_documents import turn
from transforms.at_rest import read_json
from transforms.conversations.document import Image
from transforms.datasets import ShardName, write_table
from transforms.instruct.answers.reading import read_answers
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import read_rows
from transforms.instruct.rows import Medium, Row, to_table
from transforms.instruct.templating.beam import Templates, WriteTemplates
from transforms.instruct.templating.figures import figures_path
from transforms.instruct.templating.settings import TemplatesSettings
from transforms.rejects import Counts
from transforms.storage import StoragePath

CHAIN = ("standardise", "templates", "mix", "publish")
PARTS = (ShardName("s", "a"), ShardName("s", "b"))


def asked(key: str, question: str, answer: str, category: str = "general_vqa") -> Row:
    messages = (turn("user", Image(0), *((question,) if question else ())), turn("assistant", answer))
    media = (Medium("image", uri="/p.png"),)
    return Row(key, "s", messages, media=media, answers=read_answers(messages, ()), language="en", category=category)


ROWS = {
    name: [
        *(
            asked(f"s/{name.shard}/d{at}", "Describe the image.", f"Cat number {at}, on a mat.", "captioning")
            for at in range(4)
        ),
        asked(f"s/{name.shard}/q", "Where is the cat now?", "It is on the mat."),
        asked(f"s/{name.shard}/n", f"How many cats are on mat {name.shard}?", "3"),
        asked(f"s/{name.shard}/c", "", "A cat.", "captioning"),
    ]
    for name in PARTS
}


def run(folder: InstructFolder) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        _ = (
            pipeline
            | beam.Create(list(PARTS))
            | WriteTemplates(Templates(folder, TemplatesSettings(common_share=0.3), 0, 1.0))
        )

    InProcessEngine(RunnerSettings(workers=1), []).run(build)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> InstructFolder:
    prints = dict(zip(CHAIN, "stmp", strict=True))
    found = InstructFolder(StoragePath.of(tmp_path), "p", CHAIN, prints)
    for name, rows in ROWS.items():
        write_table(found.rows(*name), to_table(rows), "s", Counts(len(rows), len(rows)))
    return found


@pytest.mark.slow
def test_what_qualifies_is_written_and_nothing_else(folder: InstructFolder, tmp_path: pathlib.Path) -> None:
    run(folder)
    assert folder.read_stage_counts("templates") == Counts(14, 14)
    values = read_json(figures_path(folder))
    assert values["texts"] == {"common: captioning": 8, "format: number": 2, "missing: captioning": 2}
    assert values["common"] == [
        {"source": "s", "text": "Describe the image.", "share": pytest.approx(8 / 12), "banks": ["captioning"]}
    ]
    assert values["after"]["entropy_bits"] > values["before"]["entropy_bits"]
    assert values["after"]["openings_distinct"] > values["before"]["openings_distinct"]
    for name, before in ROWS.items():
        after = read_rows(folder, name, "mix")
        assert [row.key for row in after] == [row.key for row in before]
        untouched = [(a, b) for a, b in zip(after, before, strict=True) if a.key.endswith("/q")]
        assert untouched and all(a == b for a, b in untouched)
        for a, b in zip(after, before, strict=True):
            assert replace(a, messages=()) == replace(b, messages=()) and a.messages[1:] == b.messages[1:]
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    folder.facts("templates", *PARTS[0]).delete()
    figures_path(folder).delete()
    run(folder)
    assert files == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
