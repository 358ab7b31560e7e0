"""A look at the vocabulary before it is embedded."""

from __future__ import annotations

from transforms.annotating.digests import word_list_digest
from transforms.annotating.retrieval import require_concepts
from transforms.annotating.settings import RetrievalSettings, VocabularySettings
from transforms.annotating.vocabulary import read_word_list


def check_vocabulary(vocabulary: VocabularySettings, retrieval: RetrievalSettings) -> None:
    """Raises ConfigError for a list that cannot be read, or that holds fewer concepts than an image is to get."""
    word_list_digest(vocabulary)  # raises where there is no list
    require_concepts(len(read_word_list(vocabulary.path)), retrieval.concepts_per_image)
