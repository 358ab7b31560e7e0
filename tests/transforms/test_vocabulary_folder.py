"""A vocabulary comes back from its folder as it was saved, without the encoder, or not at all."""

from __future__ import annotations

import io
import json
import pathlib
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from concept_vocab.vocabulary import Vocabulary
from transforms.datasets import write_table
from transforms.errors import RunFolderError
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath
from transforms.vocabulary_folder import (
    AboutIndex,
    Searched,
    StoredIndex,
    finish_vocabulary,
    read_concepts,
    read_embeddings,
    read_groups,
    read_hubs,
    read_index,
    read_prompts,
    save_vocabulary,
    write_embeddings,
)

NAMES = ["red fox", "café", "狗"]
EMBEDDINGS = np.eye(3, 4, dtype=np.float32)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> RunFolder:
    folder = RunFolder(StoragePath.of(tmp_path / "run"), "f" * 16)
    save_vocabulary(folder, Vocabulary.from_names(NAMES, "en", "mine", {}).table, EMBEDDINGS, {"model": "tiny"})
    return folder


def test_what_was_saved_is_read(folder: RunFolder) -> None:
    concepts = read_concepts(folder)
    assert concepts.column_names == ["id", "name", "lang", "source", "type"]
    assert concepts["name"].to_pylist() == NAMES
    assert concepts.schema.field("type").type == pa.string() and concepts["type"].null_count == 3
    assert np.array_equal(read_embeddings(folder), EMBEDDINGS)
    assert sorted(path.name for path in folder.vocabulary.walk()) == [
        "embeddings.npy",
        "meta.json",
        "vocabulary.parquet",
    ]


INDEX = StoredIndex(memoryview(b"an index"), AboutIndex("ivf", "IVF4,Flat", "nprobe=2", 0.99, 10, 500))
HUBS = np.ones((3, 2), np.float32)


def test_index_and_hubs_are_read_as_they_were_written(folder: RunFolder) -> None:
    assert read_index(folder) is None and read_hubs(folder) is None and read_prompts(folder) is None
    finish_vocabulary(folder, {}, "prompts", Searched(INDEX, HUBS))
    index, hubs = read_index(folder), read_hubs(folder)
    assert index is not None and bytes(index.data) == INDEX.data and index.about == INDEX.about
    assert hubs is not None and np.array_equal(hubs, HUBS)
    assert read_prompts(folder) == "prompts"


def test_groups_are_there_where_concepts_are_grouped(folder: RunFolder) -> None:
    assert read_groups(folder) is None
    finish_vocabulary(folder, {}, searched=Searched(groups=np.array([0, 0, 2], np.int32)))
    assert read_groups(folder).tolist() == [0, 0, 2]  # type: ignore[union-attr]
    meta = folder.vocabulary / "meta.json"
    meta.write_text(meta.read_text().replace('"groups": 2', '"groups": 3'))
    with pytest.raises(RunFolderError, match=r"groups\.parquet .*holds 3 rows, meta\.json says 3 in 3 groups"):
        read_groups(folder)


@pytest.mark.parametrize(("file", "read"), [("index.faiss", read_index), ("hubs.npy", read_hubs)])
def test_an_index_or_hubs_that_are_damaged_are_refused(
    file: str, read: Callable[[RunFolder], object], folder: RunFolder
) -> None:
    finish_vocabulary(folder, {}, None, Searched(INDEX, HUBS))
    path = folder.vocabulary / file
    path.write_bytes(path.read_bytes()[:-2] + b"??")
    with pytest.raises(RunFolderError, match=f"{file} has another checksum"):
        read(folder)
    path.delete()
    with pytest.raises(RunFolderError, match=f"{file} is missing"):
        read(folder)


def test_an_index_of_another_encoder_is_refused(folder: RunFolder, tmp_path: pathlib.Path) -> None:
    """Copied from another run, with what its meta.json says of it."""
    other = RunFolder(StoragePath.of(tmp_path / "other"), folder.fingerprint)
    save_vocabulary(other, read_concepts(folder), -EMBEDDINGS, {"model": "other"})
    finish_vocabulary(other, {"model": "other"}, None, Searched(INDEX))
    metas = [json.loads((run.vocabulary / "meta.json").read_text()) for run in (folder, other)]
    (folder.vocabulary / "meta.json").write_text(json.dumps({**metas[0], "index": metas[1]["index"]}))
    (folder.vocabulary / "index.faiss").write_bytes((other.vocabulary / "index.faiss").read_bytes())
    with pytest.raises(RunFolderError, match=r"index\.faiss is an index of other embeddings .* of another encoder"):
        read_index(folder)


def test_embeddings_are_written_block_by_block_as_numpy_writes_them(folder: RunFolder) -> None:
    path = folder.vocabulary / "embeddings.npy"
    whole = path.read_bytes()
    assert whole == _saved(EMBEDDINGS)
    write_embeddings(folder, EMBEDDINGS.shape, [EMBEDDINGS[:2], EMBEDDINGS[2:]])
    assert path.read_bytes() == whole


@pytest.mark.slow
def test_reading_needs_neither_encoder_nor_search_library(folder: RunFolder) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'faiss', 'open_clip'): sys.modules[name] = None\n"
        "from transforms.run_folder import RunFolder\n"
        "from transforms.storage import StoragePath\n"
        "from transforms.vocabulary_folder import read_concepts, read_embeddings\n"
        "folder = RunFolder(StoragePath.of(sys.argv[1]), sys.argv[2])\n"
        "print(read_concepts(folder)['name'].to_pylist(), read_embeddings(folder).sum())\n"
    )
    command = [sys.executable, "-c", code, str(folder.root), folder.fingerprint]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert shown.split() == [*str(NAMES).split(), "3.0"]


def test_other_settings_are_refused(folder: RunFolder) -> None:
    stranger = RunFolder(folder.root, "e" * 16)
    for read in (read_concepts, read_embeddings):
        with pytest.raises(RunFolderError, match=f"{'f' * 16}, this run has {'e' * 16}"):
            read(stranger)


def test_concepts_out_of_order_are_refused(folder: RunFolder) -> None:
    path = folder.vocabulary / "vocabulary.parquet"
    write_table(path, read_concepts(folder).take([0, 2, 1]), folder.fingerprint)
    with pytest.raises(RunFolderError, match=r"vocabulary.parquet does not hold the ids 0 to 2 in order"):
        read_concepts(folder, ["name"])


def _saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _meta(**changed: object) -> bytes:
    values = {"fingerprint": "f" * 16, "encoder": {}, "concepts": 3, "width": 4}
    return json.dumps({name: value for name, value in {**values, **changed}.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("file", "damage", "says"),
    [
        ("embeddings.npy", slice(-1), "cannot be read"),
        ("embeddings.npy", b"", "cannot be read"),
        (
            "embeddings.npy",
            _saved(EMBEDDINGS.astype(np.float64)),
            r"float64 \(3, 4\), .* float32 \(3, 4\)",
        ),
        ("embeddings.npy", _saved(EMBEDDINGS.T), r"holds float32 \(4, 3\)"),
        ("meta.json", slice(-9), "is not JSON"),
        ("meta.json", b"[]", "holds list in place of a JSON object"),
        ("meta.json", _meta(width=None), r"shape it should have \(width: "),
        ("meta.json", _meta(concepts="three"), r"shape it should have \(concepts: "),
        ("meta.json", _meta(fingerprint="e" * 16), "made with settings e{16}"),
    ],
)
def test_damage_is_named_by_file(folder: RunFolder, file: str, damage: bytes | slice, says: str) -> None:
    path = folder.vocabulary / file
    path.write_bytes(damage if isinstance(damage, bytes) else path.read_bytes()[damage])
    with pytest.raises(RunFolderError, match=f"{file} .*{says}"):
        read_embeddings(folder)


def test_as_many_embeddings_as_concepts(folder: RunFolder) -> None:
    path = folder.vocabulary / "vocabulary.parquet"
    write_table(path, read_concepts(folder).slice(0, 2), folder.fingerprint)
    with pytest.raises(RunFolderError, match=r"embeddings.npy has 3 rows, vocabulary.parquet has 2"):
        read_embeddings(folder)
