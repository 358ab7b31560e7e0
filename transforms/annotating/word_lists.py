"""The word list, or built vocabulary, that a configuration names. Light: faults are told before torch is imported."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.compute as pc

from concept_vocab.matching.han_words import check_language
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
    in other languages than the encoder's, where these are known and captions name no concepts."""
    word_list_digest(vocabulary)  # raises where there is no list
    found = read_word_list(vocabulary.path)
    require_concepts(found.meanings, retrieval.concepts_per_image)
    assign = retrieval.assign
    if assign.takes_captions and assign.matching != "metaclip":
        check_matched(found, vocabulary.path)
    others = set(found.table["lang"].to_pylist()) - set(languages or ())
    if languages is None or not others or (assign.takes_captions and not retrieval.hub_correction):
        return
    first = found.table.filter(pc.equal(found.table["lang"], min(others)))["name"][0]
    raise ConfigError(
        f"vocabulary {vocabulary.path} holds concepts in {', '.join(sorted(others))}, as {first}, and "
        f"encoder.languages are {', '.join(languages)}: what it makes of others means nothing. Leave them out, take an "
        "encoder of these languages, or let captions name them (retrieval.assign), without hub_correction."
    )


def check_matched(vocabulary: Vocabulary, path: str) -> None:
    """Raises ConfigError for concepts in a language whose captions cannot be matched."""
    try:
        for language in sorted(set(vocabulary.table["lang"].to_pylist())):
            check_language(language)
    except VocabularyError as error:
        raise ConfigError(f"vocabulary {path}: {error}") from error
