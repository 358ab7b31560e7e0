"""Types of senses, and which sense a lemma is taken by."""

from __future__ import annotations

import pathlib

import pytest

from concept_vocab.wordnet.dictionary import USUAL_FOLDER, read_dictionary
from concept_vocab.wordnet.sense_types import _ROOTS, _TOPS, ConceptType, SenseTypes
from tests.concept_vocab.wordnet.tiny_wordnet import tiny

TYPES = SenseTypes(tiny())


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("kitchen", "scene"),  # an artifact to the lexicographers, but a room
        ("street", "scene"),
        ("city", "scene"),
        ("paris", "entity"),  # a location too, but named
        ("dog", "entity"),
        ("artifact", "entity"),
        ("red", "attribute"),
        ("run", "action"),
        ("letter", "text"),
        ("idea", "abstract"),
        ("quickly", "abstract"),
    ],
)
def test_types(form: str, kind: ConceptType) -> None:
    typed = TYPES.of_lemma(form)
    assert typed is not None and typed.type == kind


def test_the_most_frequent_sense_decides_and_all_are_kept() -> None:
    dog = TYPES.of_lemma("dog")
    assert dog is not None and dog.types == ("entity", "action")
    assert dog.share == 43 / 44 and not dog.is_named
    china = TYPES.of_lemma("china")
    assert china is not None and china.is_named
    assert TYPES.of_lemma("cat") is None


def test_the_real_one_has_every_root() -> None:
    folder = pathlib.Path(USUAL_FOLDER)
    if not (folder / "data.noun").is_file():
        pytest.skip(f"no WordNet in {folder}: Debian's package wordnet-base installs it")
    wordnet = read_dictionary(lambda name: (folder / name).read_bytes())
    roots = [key for table in (_ROOTS, _TOPS) for keys in table.values() for key in keys]
    assert [key for key in roots if key not in wordnet.keys] == []
    types = SenseTypes(wordnet)
    told = {form: typed.type for form in ("beach", "forest", "paris", "red") if (typed := types.of_lemma(form))}
    assert told == {"beach": "scene", "forest": "scene", "paris": "entity", "red": "attribute"}
