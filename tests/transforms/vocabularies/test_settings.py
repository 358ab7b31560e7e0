"""Settings of sources: each kind takes its own."""

from __future__ import annotations

import os
from typing import Any

import pytest

from concept_vocab.sources.registry import SOURCES
from concept_vocab.wikipedia.ngrams import Threshold
from transforms.configuration import validate
from transforms.errors import ConfigError
from transforms.vocabularies.settings import VocabularySource


def source(**values: Any) -> VocabularySource:
    return validate({"name": "a", "path": "b", **values}, VocabularySource, "a test")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "list", "unigrams": {}}, "unigrams is not for sources of kind list"),
        ({"kind": "wikipedia", "titles": {}}, "titles is not for sources of kind wikipedia"),
        ({"kind": "wordnet", "columns": {}}, "columns is not for sources of kind wordnet"),
        ({"kind": "wordnet", "path": []}, "path: List should have at least 1 item"),
        ({"kind": "wordnet", "name": "A b"}, "name: String should match"),
        ({"kind": "dictionary"}, "kind: Input should be 'wordnet'"),
    ],
)
def test_faults(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        source(**values)
    assert says in str(raised.value)


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_has_options(kind: str) -> None:
    options = source(kind=kind).options("en")
    assert options.cap == (61_235 if kind == "page_views" else None)
    assert options.unigrams == Threshold(100, 0) and options.bigrams == Threshold(5, 5e-9)


def test_one_path_or_several() -> None:
    assert source(kind="list").path == [os.path.abspath("b")]
    assert source(kind="list", path=["b", "s3://c/d"]).path == [os.path.abspath("b"), "s3://c/d"]
