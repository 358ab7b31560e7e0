"""Embeddings written for others, and read in place of encoding: the right row for each key, or what is wrong."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from transforms.annotating.imported_embeddings import ImportedEmbeddings, list_parts
from transforms.errors import InputError

WIDTH = 4


def vectors(rows: int, seed: int = 0) -> NDArray[np.float32]:
    found = np.random.default_rng(seed).standard_normal((rows, WIDTH)).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def write(folder: pathlib.Path, part: str, rows: NDArray[np.generic], **columns: list[str]) -> None:
    for name in ("img_emb", "metadata"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    np.save(folder / "img_emb" / f"img_emb_{part}.npy", rows)
    pq.write_table(pa.table(columns), folder / "metadata" / f"metadata_{part}.parquet")


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """As clip-retrieval leaves it: rows in no order, keys unique."""
    rows = vectors(7)
    write(tmp_path / "e", "0", rows[:4], image_path=["d", "b", "a", "é"], caption=["x"] * 4)
    write(tmp_path / "e", "1", rows[4:], image_path=["g", "f", "e"], caption=["x"] * 3)
    return tmp_path / "e"


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_rows_are_found_by_key(dtype: type, tmp_path: pathlib.Path) -> None:
    rows = 3 * vectors(7)  # of any length
    write(tmp_path / "e", "0", rows[:4].astype(dtype), image_path=["d", "b", "a", "é"])
    write(tmp_path / "e", "1", rows[4:].astype(dtype), image_path=["g", "f", "e"])
    imported = ImportedEmbeddings("web", str(tmp_path / "e"), WIDTH)
    found = imported.rows("any", ["e", "é", "b", "g", "a", "f", "e"])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, vectors(7)[[6, 3, 1, 4, 2, 5, 6]], atol=2e-3)
    assert imported.rows("any", []).shape == (0, WIDTH)


def test_what_a_source_said_of_shards_and_keys_is_not_taken_for_ours(tmp_path: pathlib.Path) -> None:
    """clip-retrieval puts the fields of each sample's JSON beside its own columns."""
    write(tmp_path, "0", vectors(2), image_path=["web/0/a", "web/0/b"], key=["a", "a"], shard=["0", "0"])
    found = ImportedEmbeddings("web", str(tmp_path), WIDTH).rows("any", ["web/0/b"])
    np.testing.assert_allclose(found, vectors(2)[1:], atol=1e-6)


def test_keys_that_are_not_there_or_twice(folder: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"source web: .* holds no embedding of 'z', a sample of shard 00003. Mend it"):
        ImportedEmbeddings("web", str(folder), WIDTH).rows("00003", ["a", "z"])
    write(folder, "2", vectors(2), image_path=["h", "b"])
    with pytest.raises(InputError, match="names a key twice: 'b'"):
        ImportedEmbeddings("web", str(folder), WIDTH)


def test_another_width_than_the_encoders(folder: pathlib.Path) -> None:
    with pytest.raises(InputError, match="holds embeddings of width 4, the encoder's have 8"):
        ImportedEmbeddings("web", str(folder), 8)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_row_without_a_direction(value: float, folder: pathlib.Path) -> None:
    write(folder, "2", np.full((1, WIDTH), value, np.float32), image_path=["h"])
    with pytest.raises(InputError, match="an embedding of 'h', of shard s, that has no direction"):
        ImportedEmbeddings("web", str(folder), WIDTH).rows("s", ["h"])


@pytest.mark.parametrize(
    ("rows", "columns", "says"),
    [
        (vectors(3), {"image_path": ["h"]}, "has 3 rows, metadata_2.parquet has 1"),
        (vectors(1)[:, :2], {"key": ["h"]}, "holds float32 of width 2"),
        (np.ones((1, WIDTH)), {"key": ["h"]}, "holds float64 of width 4"),
        (np.ones(WIDTH, np.float32), {"key": ["h"]}, r"an array of shape \(4,\)"),
        (vectors(1), {"url": ["h"]}, "has no column image_path or key, only url"),
    ],
)
def test_files_that_do_not_fit(
    rows: NDArray[np.generic], columns: dict[str, list[str]], says: str, folder: pathlib.Path
) -> None:
    write(folder, "2", rows, **columns)
    with pytest.raises(InputError, match=says):
        list_parts("web", str(folder))


def test_files_that_are_missing_or_cut(folder: pathlib.Path) -> None:
    (folder / "img_emb" / "img_emb_1.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=r"img_emb_1.npy and metadata_1.parquet cannot be read"):
        list_parts("web", str(folder))
    (folder / "img_emb" / "img_emb_1.npy").unlink()
    with pytest.raises(InputError, match=r"holds 1 img_emb/\*.npy and 2 metadata/\*.parquet"):
        list_parts("web", str(folder))
    with pytest.raises(InputError, match="holds 0 img_emb"):
        list_parts("web", str(folder / "none"))
