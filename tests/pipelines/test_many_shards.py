"""What a job hands to a runner stays small, however many shards there are. Runners bound it; Dataflow at 10 MB."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Callable

import pytest

from pipelines import annotate, balance, deduplicate, export
from tests.pipelines.engine.graph_only import GraphOnlyEngine
from transforms.annotating.settings import EncoderSettings, RetrievalSettings
from transforms.balancing.settings import BalanceSettings
from transforms.datasets import ShardName
from transforms.deduplicating.corpus_size import CorpusSize
from transforms.deduplicating.settings import DeduplicateSettings
from transforms.errors import RunFolderError
from transforms.exporting.settings import ExportSettings
from transforms.images.decode import DecodeSettings
from transforms.reading.input_shard import InputShard
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath

MOST_BYTES = 5_000_000
SHARDS, MANY_SHARDS, ROWS_A_SHARD = 100_000, 1_000_000, 10_000
Job = Callable[[RunFolder, list[InputShard], GraphOnlyEngine], None]


def of_annotate(folder: RunFolder, shards: list[InputShard], engine: GraphOnlyEngine) -> None:
    annotate.run(folder, shards, [], EncoderSettings(model="ViT-L-14"), RetrievalSettings(), DecodeSettings(), engine)


def of_deduplicate(folder: RunFolder, shards: list[InputShard], engine: GraphOnlyEngine) -> None:
    deduplicate.run(folder, CorpusSize(len(shards), len(shards) * ROWS_A_SHARD), DeduplicateSettings(), engine)


def of_balance(folder: RunFolder, shards: list[InputShard], engine: GraphOnlyEngine) -> None:
    names, rows = [ShardName(shard.source, shard.name) for shard in shards], len(shards) * ROWS_A_SHARD
    balance.run(folder, names, BalanceSettings(size=85_000_000), 500_000, engine, rows)


def of_export(folder: RunFolder, shards: list[InputShard], engine: GraphOnlyEngine) -> None:
    with contextlib.suppress(RunFolderError):  # of the manifest, which no job has written here
        export.run(folder, shards, {}, ExportSettings(), engine)


@pytest.mark.slow
@pytest.mark.parametrize("job", [of_annotate, of_deduplicate, of_balance, of_export])
def test_a_graph_hardly_grows_with_its_shards(job: Job, tmp_path: pathlib.Path) -> None:
    folder, engine = RunFolder(StoragePath.of(tmp_path), "f" * 16), GraphOnlyEngine()
    tar = StoragePath.of("/data/a-folder-of-tars/00000000.tar")
    shards = [InputShard("a-source", f"{number:08d}", "webdataset", tar, 1 << 30) for number in range(SHARDS)]
    sizes = []
    for some in (SHARDS // 4, SHARDS):
        job(folder, shards[:some], engine)
        sizes.append(engine.graph_bytes.pop("None"))
    bytes_a_shard = (sizes[1] - sizes[0]) / (SHARDS - SHARDS // 4)
    assert sizes[1] + bytes_a_shard * (MANY_SHARDS - SHARDS) < MOST_BYTES
