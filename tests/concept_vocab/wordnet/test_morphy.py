"""Inflected forms lead to lemmas."""

from __future__ import annotations

from concept_vocab.wordnet.morphy import base_forms, singulars
from tests.concept_vocab.wordnet.tiny_wordnet import tiny

WORDNET = tiny()


def test_endings_and_exceptions() -> None:
    assert list(base_forms("dogs", "n", WORDNET)) == ["dog"]
    assert list(base_forms("ran", "v", WORDNET)) == ["run"]
    assert list(base_forms("runs", "v", WORDNET)) == ["run"]
    assert list(base_forms("polar bears", "n", WORDNET)) == ["polar bear"]
    assert list(base_forms("cities", "n", WORDNET)) == ["city"]
    assert list(base_forms("cats", "n", WORDNET)) == []  # no lemma


def test_singulars_of_phrases_need_a_noun_at_their_end() -> None:
    assert list(singulars("brown bears", WORDNET)) == ["brown bear"]
    assert list(singulars("los angeles", WORDNET)) == []
    assert list(singulars("glasses", WORDNET)) == ["glass"]
    assert list(singulars("glass", WORDNET)) == []  # and not "glas"
