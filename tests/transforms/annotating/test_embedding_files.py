"""Embeddings as clip-retrieval has them: what its readers find, and that they lead back to the images."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.annotating.test_imported_embeddings import WIDTH, vectors
from transforms.annotating.embedding_files import embedding_files, part_name, write_embeddings
from transforms.annotating.imported_embeddings import ImportedEmbeddings
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


@pytest.mark.parametrize(("number", "parts", "name"), [(0, 1, "0"), (9, 10, "9"), (9, 11, "09"), (7, 1001, "0007")])
def test_names_sort_as_their_numbers(number: int, parts: int, name: str) -> None:
    assert part_name(number, parts) == name


def annotated(shard: str, rows: np.ndarray) -> pa.Table:  # type: ignore[type-arg]
    """Two images, of the same keys in each shard, one of which the reader had to change."""
    columns = {
        "key": ["a", "b_c"],
        "source_key": [None, "b.c"],
        "caption": ["a dog", None],
        "source": ["web"] * 2,
        "shard": [shard] * 2,
        "embedding": pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), WIDTH),
    }
    return pa.table(columns)


def test_what_was_kept_is_read_back(tmp_path: pathlib.Path) -> None:
    folder = RunFolder(StoragePath.of(tmp_path), "f" * 16)
    rows = vectors(22, 1).astype(np.float16)
    for number in range(11):
        part = part_name(number, 11)
        write_embeddings(folder, part, annotated(f"{number:05d}", rows[2 * number : 2 * number + 2]))
    array, about = embedding_files(folder, "10")
    assert np.load(array.path).tolist() == rows[20:].tolist()
    assert pq.read_table(about.path).to_pylist() == [
        {"image_path": "a", "key": "a", "caption": "a dog", "source": "web", "shard": "00010"},
        {"image_path": "b.c", "key": "b.c", "caption": None, "source": "web", "shard": "00010"},
    ]
    imported = ImportedEmbeddings("web", str(tmp_path / "embeddings"), WIDTH)
    np.testing.assert_allclose(imported.rows("00007", ["b.c", "a"]), rows[[15, 14]].astype(np.float32), atol=2e-3)
