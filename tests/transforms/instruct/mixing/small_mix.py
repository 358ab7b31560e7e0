"""Rows and facts of small parts as the stages before mix leave them, mixed in this process."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from tests.transforms.packing.small_documents import turn
from transforms.datasets import ShardName, read_table, write_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.outcome import Fact, Outcome
from transforms.instruct.chain.part_files import write_outcome
from transforms.instruct.mixing.about import PartReader
from transforms.instruct.mixing.beam import Mix
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.rows import Row, to_table
from transforms.rejects import Counts
from transforms.storage import StoragePath

CHAIN = ("standardise", "categorise", "mix", "publish")


@dataclass(frozen=True)
class SmallMix:
    folder: InstructFolder
    parts: tuple[ShardName, ...]

    def mix(self, settings: MixSettings, seed: int = 0) -> pa.Table:
        """The selection of all parts."""
        import apache_beam as beam

        reader = PartReader(self.folder, settings, seed)

        def build(pipeline: beam.Pipeline) -> None:
            _ = pipeline | beam.Create(list(self.parts)) | Mix(reader)

        InProcessEngine(RunnerSettings(workers=1), []).run(build)
        return self.selection()

    def selection(self) -> pa.Table:
        return pa.concat_tables(read_table(self.folder.selection(*name), "m") for name in self.parts)


def text_row(key: str, answer: str = "Yes.", licence: str | None = "CC0-1.0") -> Row:
    source = key.partition("/")[0]
    return Row(key, source, (turn("user", "Is it?"), turn("assistant", answer)), licence_data=licence)


def small_mix(
    root: pathlib.Path, rows: Mapping[ShardName, Sequence[Row]], facts: Mapping[str, Fact] | None = None
) -> SmallMix:
    """``facts``: by key, of the stage before mix."""
    prints = {"standardise": "s", "categorise": "c", "mix": "m", "publish": "p"}
    folder = InstructFolder(StoragePath.of(root), "p", CHAIN, prints)
    for name, own in rows.items():
        table = to_table(own)
        write_table(folder.rows(*name), table, "s", Counts(len(own), len(own)))
        told = [facts[row.key] for row in own if facts and row.key in facts]
        write_outcome(folder, "categorise", name, [row.key for row in own], Outcome(facts=told))
    return SmallMix(folder, tuple(rows))


def skewed_rows(parts: int, rows_a_part: int, seed: int = 0) -> tuple[dict[ShardName, list[Row]], dict[str, Fact]]:
    """Three sources, four categories and two languages that lean on each other; answers from a word to a page."""
    drawn = np.random.default_rng(seed)
    rows: dict[ShardName, list[Row]] = {}
    facts: dict[str, Fact] = {}
    for part in range(parts):
        source = f"s{part % 3}"
        name = ShardName(source, f"p{part}")
        rows[name] = []
        for index in range(rows_a_part):
            key = f"{source}/p{part}/{index:06d}"
            category = int(drawn.choice(4, p=np.roll([0.6, 0.25, 0.1, 0.05], part % 3)))
            language = "zh" if drawn.random() < (0.1, 0.4, 0.2, 0.3)[category] else "en"
            words = int(drawn.lognormal(1 + category / 2, 1)) + 1
            rows[name].append(text_row(key, "a " * words))
            facts[key] = Fact(key, category=f"c{category}", language=language)
    return rows, facts


def with_split(rows: Sequence[Row], split: str, every: int) -> list[Row]:
    return [replace(row, split=split) if at % every == 0 else row for at, row in enumerate(rows)]
