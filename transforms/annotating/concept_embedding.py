"""From a word list to embeddings: each concept in its prompts, through the text encoder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.encoder import ClipEncoder


def embed_vocabulary(vocabulary: Vocabulary, encoder: ClipEncoder) -> NDArray[np.float32]:
    """(V, D) float32, rows of length 1: the normalised mean of each concept's prompt embeddings."""
    sentences, owners = vocabulary.sentences()
    embeddings = encoder.encode_texts(sentences)
    sums = np.zeros((len(vocabulary), embeddings.shape[1]), dtype=np.float32)
    np.add.at(sums, np.asarray(owners), embeddings)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)
