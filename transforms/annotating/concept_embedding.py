"""From concepts to embeddings: each in its prompts, through the text encoder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.encoder import TEXTS_A_BATCH, ClipEncoder


def embed_vocabulary(vocabulary: Vocabulary, encoder: ClipEncoder) -> NDArray[np.float32]:
    """(V, D) float32, rows of length 1: the normalised mean of each concept's prompt embeddings.

    Every batch is full, the last one by empty texts: sums may be taken in another order in a batch of another size.
    """
    sentences, owners = vocabulary.sentences()
    missing = -len(sentences) % TEXTS_A_BATCH
    embeddings = encoder.encode_texts([*sentences, *[""] * missing])[: len(sentences)]
    sums = np.zeros((len(vocabulary), embeddings.shape[1]), dtype=np.float32)
    np.add.at(sums, np.asarray(owners), embeddings)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)
