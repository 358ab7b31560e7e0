"""From a word list to embeddings: each concept in its prompts, through the text encoder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary, VocabularyError
from concept_vocab.word_list import parse_word_list
from transforms.annotating.encoder import ClipEncoder
from transforms.errors import ConfigError
from transforms.storage import StoragePath


def read_word_list(path: str) -> Vocabulary:
    """A word list on any file system; raises ConfigError naming it when it is faulty."""
    location = StoragePath.of(path)
    try:
        return parse_word_list(location.read_text(), location.name)
    except (VocabularyError, UnicodeDecodeError) as error:
        raise ConfigError(f"vocabulary {location}: {error}") from error


def embed_vocabulary(vocabulary: Vocabulary, encoder: ClipEncoder) -> NDArray[np.float32]:
    """(V, D) float32, rows of length 1: the normalised mean of each concept's prompt embeddings."""
    sentences, owners = vocabulary.sentences()
    embeddings = encoder.encode_texts(sentences)
    sums = np.zeros((len(vocabulary), embeddings.shape[1]), dtype=np.float32)
    np.add.at(sums, np.asarray(owners), embeddings)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)
