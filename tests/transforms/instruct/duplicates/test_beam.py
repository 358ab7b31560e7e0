"""From rows on disk to facts and rejects: the same however parts and partitions lie."""

from __future__ import annotations

import io
import pathlib

import apache_beam as beam
import numpy as np
import pytest
from PIL import Image

from tests.transforms.instruct.duplicates.small_duplicates import asking
from transforms.datasets import ShardName, read_table, write_table
from transforms.images.decode import DecodeSettings, decode
from transforms.images.hashing import HASHED_SIDE, content_hash, perceptual_hashes
from transforms.images.thumbnail import grey_thumbnail
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import read_rows
from transforms.instruct.duplicates.beam import FindDuplicates
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.rows import Medium, Row, to_table
from transforms.rejects import Counts
from transforms.storage import StoragePath

STAGES = ("standardise", "duplicates", "mix", "publish")
LONG = "Describe in one short paragraph how the harbour of the old town looks on a rainy morning in early spring"
CODE = "```python\ndef total(rows):\n    return sum(row['weight'] for row in rows if row['weight'] > 7)\n```"


def drawn(seed: int, quality: int = 95, cut: float = 0.0) -> Medium:
    y, x = np.mgrid[0:120, 0:160]
    waves = [np.sin(x / (9 + 3 * at + seed)) * np.cos(y / (14 - at + 2 * seed)) for at in range(3)]
    picture = Image.fromarray((127 + 110 * np.stack(waves, axis=2)).astype(np.uint8))
    picture = picture.crop((round(160 * cut), round(120 * cut), 160, 120))
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    decoded = decode(data.getvalue(), DecodeSettings())
    looks = int(perceptual_hashes(grey_thumbnail(decoded, HASHED_SIDE)[None])[0]).to_bytes(8, "big")
    return Medium(
        "image",
        data=data.getvalue(),
        content_hash=content_hash(data.getvalue()),
        perceptual_hash=looks,
        width=decoded.width,
        height=decoded.height,
    )


ROWS = [
    asking("exact", "Who is there?", "A tall man", drawn(1)),
    asking("copy", "who is there", "a tall man.", drawn(1), source="best"),
    asking("near", "Who is there?", "A tall man", drawn(1, 70)),
    asking("crop", "Who is there?", "A tall man", drawn(1, cut=0.05)),
    asking("other image", "Who is there?", "A tall man", drawn(2)),
    asking("other question", "Where is he?", "In the far corner", drawn(1, 70)),
    asking("yes", "Is it day?", "Yes", drawn(3)),
    asking("no", "Is it day?\nAnswer the question using a single word or phrase.", "No", drawn(3), source="best"),
    asking("long", LONG, "It is grey"),
    asking("longer", LONG + " please", "It is grey"),
    asking("code", "Write total over rows.", CODE),
    asking("translated", "编写函数 total：求和。", CODE),
]
SETTINGS = DuplicatesSettings(prefer=["best"], partitions=4)


def chain(path: pathlib.Path, parts: list[list[Row]]) -> tuple[InstructFolder, list[ShardName]]:
    prints = {stage: f"{place:016x}" for place, stage in enumerate(STAGES)}
    folder = InstructFolder(StoragePath.of(str(path)), "f" * 16, STAGES, prints)
    names = [ShardName("s", f"part-{number}") for number in range(len(parts))]
    for name, rows in zip(names, parts, strict=True):
        write_table(folder.rows(*name), to_table(rows), prints["standardise"], Counts(len(rows), len(rows)))
    return folder, names


def find(folder: InstructFolder, names: list[ShardName], settings: DuplicatesSettings = SETTINGS) -> Counts:
    with beam.Pipeline() as pipeline:
        _ = pipeline | beam.Create(list(enumerate(names))) | FindDuplicates(folder, settings, 0)
    return folder.read_stage_counts("duplicates")


def told(folder: InstructFolder, names: list[ShardName]) -> tuple[dict, dict]:
    """Facts and rejects by the last part of the key."""
    facts, rejects = {}, {}
    for name in names:
        prints = folder.fingerprints["duplicates"]
        facts.update({one["key"][4:]: one for one in read_table(folder.facts("duplicates", *name), prints).to_pylist()})
        path = folder.rejects("duplicates", *name)
        if path.is_file():
            rows = read_table(path, prints).drop_columns("shard").to_pylist()
            rejects.update({one["key"][4:]: one for one in rows})
    return facts, rejects


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[InstructFolder, list[ShardName], Counts]:
    folder, names = chain(tmp_path_factory.mktemp("a"), [ROWS[:5], ROWS[5:]])
    return folder, names, find(folder, names)


@pytest.mark.slow
def test_each_line_is_told(found: tuple[InstructFolder, list[ShardName], Counts]) -> None:
    folder, names, counts = found
    facts, rejects = told(folder, names)
    assert {key: one["reason"] for key, one in rejects.items()} == {
        "exact": "exact_duplicate",
        "near": "near_duplicate",
        "crop": "near_duplicate",
        "yes": "conflicting_answer",
        "long": "near_duplicate",
    }
    assert set(facts) == {row.key[4:] for row in ROWS} - set(rejects)
    assert "s/a/copy" in rejects["near"]["detail"]
    assert facts["no"]["conflicts"] == ["s/a/yes"]
    assert facts["code"]["pair"] == {"key": "s/a/translated", "relation": "translation"}
    assert facts["copy"]["group"] == facts["other question"]["group"] != facts["other image"]["group"]
    assert counts == Counts(12, 7, {"conflicting_answer": 1, "exact_duplicate": 1, "near_duplicate": 3})


@pytest.mark.slow
def test_other_parts_partitions_and_orders_tell_the_same(
    found: tuple[InstructFolder, list[ShardName], Counts], tmp_path: pathlib.Path
) -> None:
    folder, names = chain(tmp_path, [ROWS[7:], ROWS[:2][::-1], ROWS[2:7][::-1]])
    find(folder, names, SETTINGS.model_copy(update={"partitions": 1}))
    assert told(folder, names) == told(*found[:2])


@pytest.mark.slow
def test_other_questions_about_one_image_are_joined(tmp_path: pathlib.Path) -> None:
    rows = [
        asking("who", "Who is there?", "A tall man", drawn(1)),
        asking("where", "Where is he?", "In the far corner", drawn(1)),
        asking("copy", "who is there", "a tall man.", drawn(1)),
        asking("other", "Who is there?", "A tall man", drawn(2)),
    ]
    folder, names = chain(tmp_path, [rows])
    counts = find(folder, names, SETTINGS.model_copy(update={"join_turns": True}))
    assert counts == Counts(4, 2, {"exact_duplicate": 1, "joined": 1})
    both, other = sorted(read_rows(folder, names[0], "mix"), key=lambda row: -len(row.messages))
    assert len(both.messages) == 4 and both.media == rows[0].media and other.key == "s/a/other"
    assert told(folder, names)[1].keys() | {both.key[4:]} == {"who", "where", "copy"}
