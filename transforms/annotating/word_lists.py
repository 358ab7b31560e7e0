"""The word list that a configuration names. Light: what is wrong with it is said before torch is imported."""

from __future__ import annotations

from concept_vocab.vocabulary import Vocabulary, VocabularyError
from concept_vocab.word_list import parse_word_list
from transforms.annotating.digests import word_list_digest
from transforms.annotating.settings import RetrievalSettings, VocabularySettings, require_concepts
from transforms.errors import ConfigError
from transforms.storage import StoragePath


def read_word_list(path: str) -> Vocabulary:
    """A word list on any file system; raises ConfigError naming it when it is faulty."""
    location = StoragePath.of(path)
    try:
        return parse_word_list(location.read_text(), location.name)
    except (VocabularyError, UnicodeDecodeError) as error:
        raise ConfigError(f"vocabulary {location}: {error}") from error


def check_vocabulary(vocabulary: VocabularySettings, retrieval: RetrievalSettings) -> None:
    """Raises ConfigError for a list that is not there or faulty, or holds fewer concepts than an image is to get."""
    word_list_digest(vocabulary)  # raises where there is no list
    require_concepts(len(read_word_list(vocabulary.path)), retrieval.concepts_per_image)
