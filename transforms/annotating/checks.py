"""A look at the encoder and the vocabulary before the one embeds the other."""

from __future__ import annotations

from transforms.annotating.concept_embedding import read_word_list
from transforms.annotating.digests import word_list_digest
from transforms.annotating.encoder import check_encoder
from transforms.annotating.retrieval import require_concepts
from transforms.annotating.settings import EncoderSettings, RetrievalSettings, VocabularySettings


def check_retrieval(encoder: EncoderSettings, vocabulary: VocabularySettings, retrieval: RetrievalSettings) -> None:
    """Raises ConfigError for an encoder that cannot be had, or a list that cannot be read or holds too few concepts."""
    check_encoder(encoder)
    word_list_digest(vocabulary)  # raises where there is no list
    require_concepts(len(read_word_list(vocabulary.path)), retrieval.concepts_per_image)
