"""A vocabulary with its text embeddings, as it lies in the run folder.

vocabulary/vocabulary.parquet   id, name, lang, source
vocabulary/embeddings.npy       (V, D) float32, rows of length 1: the mean over the prompts of each concept
vocabulary/index.faiss          the same as a FAISS index, for those who search with FAISS elsewhere
vocabulary/meta.json            fingerprint, encoder, sizes
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.faiss_library import import_faiss
from transforms.datasets import read_table, write_table
from transforms.run_folder import RunFolder

faiss = import_faiss()


def embed_vocabulary(vocabulary: Vocabulary, encoder: ClipEncoder) -> NDArray[np.float32]:
    """(V, D) float32, rows of length 1: the normalised mean of each concept's prompt embeddings."""
    sentences, owners = vocabulary.sentences()
    embeddings = encoder.encode_texts(sentences)
    sums = np.zeros((len(vocabulary), embeddings.shape[1]), dtype=np.float32)
    np.add.at(sums, np.asarray(owners), embeddings)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)


def save_vocabulary(
    folder: RunFolder, concepts: pa.Table, embeddings: NDArray[np.float32], encoder: dict[str, Any]
) -> None:
    """Write the four files; meta.json last, as it says that the others are complete."""
    write_table(folder.vocabulary / "vocabulary.parquet", concepts, folder.fingerprint)
    buffer = io.BytesIO()
    np.save(buffer, embeddings)
    (folder.vocabulary / "embeddings.npy").write_bytes(buffer.getvalue())
    index = faiss.IndexFlatIP(embeddings.shape[1])
    index.add(embeddings)
    (folder.vocabulary / "index.faiss").write_bytes(faiss.serialize_index(index).tobytes())
    meta = {
        "fingerprint": folder.fingerprint,
        "encoder": encoder,
        "concepts": concepts.num_rows,
        "width": int(embeddings.shape[1]),
    }
    (folder.vocabulary / "meta.json").write_text(json.dumps(meta, indent=2, sort_keys=True) + "\n")


def copy_vocabulary(reused: RunFolder, folder: RunFolder) -> int:
    """Take over another run's vocabulary; returns the number of concepts."""
    concepts = load_concepts(reused)
    meta = json.loads((reused.vocabulary / "meta.json").read_text())
    save_vocabulary(folder, concepts, load_embeddings(reused), meta["encoder"])
    return int(concepts.num_rows)


def load_concepts(folder: RunFolder) -> pa.Table:
    """vocabulary.parquet of a run."""
    return read_table(folder.vocabulary / "vocabulary.parquet", folder.fingerprint)


def load_embeddings(folder: RunFolder) -> NDArray[np.float32]:
    """embeddings.npy of a run."""
    return np.asarray(np.load(io.BytesIO((folder.vocabulary / "embeddings.npy").read_bytes())), dtype=np.float32)
