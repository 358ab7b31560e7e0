"""Whatever becomes of a file of a run folder, its reader names the file, what it saw, and the stage to repeat."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pytest

from concept_vocab.vocabulary import Vocabulary
from tests.transforms.reporting.synthetic_run import Row, SyntheticRun
from transforms.at_rest import FORMAT_VERSION, damaged, read_json
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.datasets import ShardName, read_counts, read_metadata, write_table
from transforms.errors import RunFolderError
from transforms.exporting.manifest import ShardStats, read_manifest, read_stats, write_manifest, write_stats
from transforms.exporting.rows import read_places
from transforms.packing.job.groups import read_outcome
from transforms.packing.job.terminal import read_tally
from transforms.packing.layouts.native_reader import LAYOUT_VERSION, PackedSet
from transforms.packing.plan.tally import PackTally
from transforms.rejects import Counts, Reason, Reject
from transforms.reporting.gather import gather
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath
from transforms.vocabulary_folder import read_concepts, read_embeddings, save_vocabulary

A = ShardName("web", "a")
STATS = ShardStats("b-000000.tar", 1, 10, "0" * 64, {"web": 1}, {"en": 1}, {"png": 1})
LIMITS = {"image_limits": [1, 2], "video_limits": [1, 2]}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> RunFolder:
    """Every file that a run folder may hold, whole."""
    rows = {A: [Row("w1", [0], copies=1), Row("w2", [0])]}
    rejects = {
        ("annotate", *A): [Reject("x", Reason.EMPTY_IMAGE, "")],
        ("deduplicate", *A): [Reject("w3", Reason.EXACT_DUPLICATE, "")],
    }
    folder = SyntheticRun([("dog", 2, 1, 1)], rows, rejects).write(StoragePath.of(tmp_path / "run")).folder
    concepts = Vocabulary.from_names(["dog"], "en", "mine", {}).table
    save_vocabulary(folder, concepts, np.ones((1, 1), np.float32), {})
    folder.counts("balance").write_text(json.dumps(Counts(2, 1, {"not_selected": 1}).to_dict()))
    origin = {"format_version": FORMAT_VERSION, "fingerprint": folder.fingerprint}
    packed, tally = folder.root / "packed", PackTally.empty().to_dict()
    for shards in (folder.shards, packed):
        write_stats(shards, STATS, folder.fingerprint)
        write_manifest(shards, "b", [STATS], folder.fingerprint)
    record = {**origin, "counts": Counts(1, 1).to_dict(), "shards": [asdict(STATS)], "tally": tally, "inputs": {}}
    (packed / ".groups" / "000000.json").write_text(json.dumps(record))
    description = {"layout": "native", "layout_version": LAYOUT_VERSION, "tokenizer": "t", "tokenizer_fingerprint": "f"}
    described = {**origin, **description, "pack_tokens": 16, **LIMITS, "tally": tally}
    (packed / "packing.json").write_text(json.dumps(described))
    return folder


def _balance(folder: RunFolder) -> object:
    return ShardReader(folder, BalanceSettings(size=1)).read(A)


def _group(folder: RunFolder) -> object:
    return read_outcome(folder.root / "packed" / ".groups" / "000000.json", folder.fingerprint, 0)


#: file, its stage, who reads it
READERS: list[tuple[str, str, Callable[[RunFolder], object]]] = [
    ("annotations/web/a.parquet", "annotate", _balance),
    ("annotations/web/a.parquet", "annotate", lambda run: read_counts(run.annotations(*A), run.fingerprint)),
    ("rejects/deduplicate/web/a.parquet", "deduplicate", _balance),
    ("rejects/annotate/web/a.parquet", "annotate", lambda run: gather(RunState.read(run.root))),
    ("selection/web/a.parquet", "balance", lambda run: read_places(run, *A, 0)),
    ("concepts.parquet", "balance", lambda run: gather(RunState.read(run.root))),
    ("vocabulary/vocabulary.parquet", "vocabulary", read_concepts),
    ("vocabulary/embeddings.npy", "vocabulary", read_embeddings),
    ("vocabulary/meta.json", "vocabulary", read_embeddings),
    (".balance-counts.json", "balance", lambda run: run.read_stage_counts("balance")),
    ("shards/manifest.json", "export", lambda run: read_manifest(run.shards, run.fingerprint)),
    ("shards/.stats/b-000000.json", "export", lambda run: read_stats(run.shards, "b-000000.tar", run.fingerprint)),
    ("packed/.groups/000000.json", "pack", _group),
    ("packed/packing.json", "pack", lambda run: PackedSet.open(run.root)),
    ("packed/packing.json", "pack", lambda run: read_tally(run.root / "packed")),
    ("packed/manifest.json", "pack", lambda run: PackedSet.open(run.root)),
]


def _wrong_shape(path: StoragePath, fingerprint: str) -> None:
    """A sound file of its kind, and of this run, that holds something else."""
    if path.name.endswith(".parquet"):
        write_table(path, pa.table({"id": ["x"], "key": [1]}), fingerprint)
    elif path.name.endswith(".json"):
        kept = {
            name: value
            for name, value in read_json(path).items()
            if name in ("format_version", "fingerprint", "layout", "layout_version")
        }
        path.write_text(json.dumps({**kept, "counts": [1], "shards": 7, "tally": {"packs": "many"}}))
    else:
        with path.atomic_writer() as stream:
            np.save(stream, np.ones((2, 2), np.float32))


def _cut(path: StoragePath, fingerprint: str) -> None:  # noqa: ARG001
    path.write_bytes(path.read_bytes()[: path.size_bytes() // 2])


def _empty(path: StoragePath, fingerprint: str) -> None:  # noqa: ARG001
    path.write_bytes(b"")


def _garbage(path: StoragePath, fingerprint: str) -> None:  # noqa: ARG001
    path.write_bytes(np.random.default_rng(0).bytes(path.size_bytes()))


DAMAGES = [_cut, _empty, _garbage, _wrong_shape]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(("file", "stage", "read"), READERS)
def test_a_damaged_file_is_named_with_its_stage(
    folder: RunFolder,
    file: str,
    stage: str,
    read: Callable[[RunFolder], object],
    damage: Callable[[StoragePath, str], None],
) -> None:
    read(folder)  # sound as yet
    damage(folder.root / file, folder.fingerprint)
    with pytest.raises(RunFolderError) as raised:
        read(folder)
    message = str(raised.value)
    assert message.startswith(f"{folder.root / file} ")
    assert (
        ".." not in message and f"Stage {stage} wrote it" in message and f"evenweave verify {folder.root} " in message
    )


@pytest.mark.parametrize("file", ["annotations/web/a.parquet", "vocabulary/meta.json", "vocabulary/embeddings.npy"])
def test_a_missing_file_is_called_missing(folder: RunFolder, file: str) -> None:
    (folder.root / file).delete()
    with pytest.raises(RunFolderError, match=f"{file} is missing"):
        _balance(folder)
        read_embeddings(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ('{"format_version": "2", ', r"is not JSON \(24 bytes"),
        ("\x00\x01", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "holds list in place of a JSON object"),
        ('{"format_version": "2"}', "fingerprint: Field required, and 4 more"),
        ('{"format_version": "0"}', "format version 0, this code reads version 2"),
    ],
)
def test_a_damaged_record_of_the_run(folder: RunFolder, text: str, says: str) -> None:
    folder.run_json.write_text(text)
    with pytest.raises(RunFolderError, match=f"^{folder.run_json} .*{says}"):
        RunState.read(folder.root)


def test_a_stage_that_is_done_has_counts(folder: RunFolder) -> None:
    values = json.loads(folder.run_json.read_text())
    del values["stages"]["annotate"]["counts"]
    folder.run_json.write_text(json.dumps(values))
    with pytest.raises(RunFolderError, match=r"stages\.annotate.*done, but without counts"):
        RunState.read(folder.root)


def test_a_column_of_another_type_is_named(folder: RunFolder) -> None:
    write_table(folder.concepts, pa.table({"id": ["x"], "name": ["dog"], "lang": ["en"]}), folder.fingerprint)
    with pytest.raises(RunFolderError, match="holds string in its column id"):
        gather(RunState.read(folder.root))


def test_a_footer_without_counts_is_named(folder: RunFolder) -> None:
    assert "counts" not in read_metadata(folder.concepts, folder.fingerprint)
    with pytest.raises(RunFolderError, match=r"concepts\.parquet holds no counts"):
        read_counts(folder.concepts, folder.fingerprint)


def test_a_file_outside_of_any_run_gets_advice_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.json").write_text("no")
    with pytest.raises(RunFolderError, match=r"a.json is not JSON .*Run the job that wrote it again"):
        read_json(StoragePath.of(tmp_path / "a.json"))


def test_the_nearest_run_decides_whose_the_file_is(folder: RunFolder) -> None:
    """Also below folders whose names are those of another stage."""
    inner = folder.root / "selection" / "deep"
    (inner / "run.json").write_text("{}")
    assert "Stage annotate wrote it" in str(damaged(inner / "annotations" / "web" / "a.parquet", "is empty"))
    assert "Stage balance wrote it" in str(damaged(folder.root / "selection" / "annotations" / "a.parquet", "is empty"))
