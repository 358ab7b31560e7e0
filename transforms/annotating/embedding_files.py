"""Embeddings of images as clip-retrieval writes them: an .npy a shard, and beside it a table of what its rows are.

    embeddings/img_emb/img_emb_<part>.npy            (N, D) float16, rows of length 1
    embeddings/metadata/metadata_<part>.parquet      N rows: image_path (the key, under clip-retrieval's name), key,
                                                     caption, source, shard

Parts are numbered in the order of the input shards, with as many digits as the last one has. A key is as the source has
it; with ``source`` and ``shard`` it is unique.
"""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.datasets import list_matrix, write_table
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


def part_name(number: int, parts: int) -> str:
    return f"{number:0{len(str(parts - 1))}d}"


def embedding_files(folder: RunFolder, part: str) -> tuple[StoragePath, StoragePath]:
    """The vectors of one shard, and what they are of."""
    return (
        folder.embeddings / "img_emb" / f"img_emb_{part}.npy",
        folder.embeddings / "metadata" / f"metadata_{part}.parquet",
    )


def write_embeddings(folder: RunFolder, part: str, annotations: pa.Table) -> None:
    """Of annotations with the column ``embedding``."""
    vectors, about = embedding_files(folder, part)
    vectors.write_bytes(vectors_file(annotations))
    write_table(about, about_vectors(annotations), folder.fingerprint)


def vectors_file(annotations: pa.Table) -> bytes:
    """The bytes of the .npy."""
    buffer = io.BytesIO()
    np.save(buffer, list_matrix(annotations["embedding"]), allow_pickle=False)
    return buffer.getvalue()


def about_vectors(annotations: pa.Table) -> pa.Table:
    key = pc.coalesce(annotations["source_key"], annotations["key"])
    columns = {name: annotations[name] for name in ("caption", "source", "shard")}
    return pa.table({"image_path": key, "key": key, **columns})
