"""The word list, or built vocabulary, that a configuration names. Light: faults are told before torch is imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pyarrow.compute as pc

from concept_vocab.vocabulary import Vocabulary, VocabularyError
from concept_vocab.word_list import parse_word_list
from transforms.annotating.digests import word_list_digest
from transforms.annotating.settings import RetrievalSettings, VocabularySettings, require_concepts
from transforms.errors import ConfigError
from transforms.storage import StoragePath
from transforms.vocabularies.files import read_concepts


def read_word_list(path: str) -> Vocabulary:
    """A word list on any file system, or the folder of a built vocabulary.

    Raises ConfigError naming a faulty list, InputError naming a folder that holds no vocabulary, or a damaged one.
    """
    location = StoragePath.of(path)
    if location.is_dir():
        return read_concepts(location)
    try:
        return parse_word_list(location.read_text(), location.name)
    except (VocabularyError, UnicodeDecodeError) as error:
        raise ConfigError(f"vocabulary {location}: {error}") from error


def check_vocabulary(
    vocabulary: VocabularySettings, retrieval: RetrievalSettings, languages: Sequence[str] | None
) -> None:
    """Raises ConfigError for a list that is not there or faulty, holds fewer concepts than an image is to get, or some
    in other languages than the encoder's, where these are known."""
    word_list_digest(vocabulary)  # raises where there is no list
    found = read_word_list(vocabulary.path)
    require_concepts(len(found), retrieval.concepts_per_image)
    if languages is not None and (others := Counter(found.table["lang"].to_pylist()).keys() - set(languages)):
        first = found.table.filter(pc.equal(found.table["lang"], min(others)))["name"][0]
        raise ConfigError(
            f"vocabulary {vocabulary.path} holds concepts in {', '.join(sorted(others))}, as {first}, and "
            f"encoder.languages are {', '.join(languages)}: what it makes of others means nothing. Leave "
            "them out, or take an encoder of these languages."
        )
