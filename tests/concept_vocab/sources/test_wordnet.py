"""WordNet's lemmas as entries."""

from __future__ import annotations

import pathlib

import pytest

from concept_vocab.vocabulary import VocabularyError
from tests.concept_vocab.sources.reading import read
from tests.concept_vocab.wordnet.tiny_wordnet import write
from transforms.storage import StoragePath


def test_heads_or_all(tmp_path: pathlib.Path) -> None:
    files = StoragePath.of(write(tmp_path)).walk()
    heads = [entry.text for entry in read("wordnet", files).ranked[0].entries]
    every = [entry.text for entry in read("wordnet", files[::-1], lemmas="all").ranked[0].entries]
    assert set(every) - set(heads) == {"City of Light", "domestic dog", "polar bear", "spectacles"}


def test_what_is_used_most_comes_first_so_that_a_cap_keeps_it(tmp_path: pathlib.Path) -> None:
    found = read("wordnet", StoragePath.of(write(tmp_path)).walk(), cap=3).ranked[0]
    assert [entry.text for entry in found.entries[:6]] == ["run", "room", "dog", "China", "china", "Paris"]
    assert found.cap == 3


def test_what_it_cannot_be_read_from(tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocabularyError, match=r"holds no cntlist\.rev"):
        read("wordnet", [])
    with pytest.raises(VocabularyError, match="are English"):
        read("wordnet", StoragePath.of(write(tmp_path)).walk(), language="fi")
