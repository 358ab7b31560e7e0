"""Entries become concepts: spellings together, plurals in their singular, caps by source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concept_vocab.merging import Blocked, Merged, Rules, Spelling, merge, preferred_spelling
from concept_vocab.sources.source import Entry, Ranked, by_count
from concept_vocab.vocabulary import VocabularyError
from tests.concept_vocab.wordnet.tiny_wordnet import tiny

WORDNET = tiny()
RULES = Rules("en", 100)


def ranked(source: str, *texts: str, cap: int | None = None, count: int | None = None) -> Ranked:
    return Ranked(source, [Entry(text, count) for text in texts], cap)


def merged(*sources: Ranked, rules: Rules = RULES) -> Merged:
    return merge(sources, rules, WORDNET)


def test_spellings_of_one_form_are_one_concept() -> None:
    found = merged(ranked("a", "Dog", "red  fox"), ranked("b", "dog", "DOG", "Red Fox", count=3))
    assert list(found.concepts) == ["dog", "red fox"]  # sorted
    dog = found.concepts["dog"]
    assert dog.sources == ["a", "b"]
    assert dog.counts == {Spelling("Dog", "a"): None, Spelling("dog", "b"): 3, Spelling("DOG", "b"): 3}


def test_plurals_merge_unless_they_are_lemmas() -> None:
    found = merged(ranked("a", "dogs", "glasses", "glass", "dog", "brown bears", "brown bear", "cities"))
    assert list(found.concepts) == ["brown bear", "cities", "dog", "glass", "glasses"]  # no city here to merge into
    assert found.aliases == {"brown bears": "brown bear", "dogs": "dog"}
    assert Spelling("dogs", "a") in found.concepts["dog"].counts


def test_no_plurals_without_wordnet_or_in_another_language() -> None:
    sources = [ranked("a", "dogs", "dog")]
    assert not merge(sources, RULES, None).aliases
    assert not merge(sources, Rules("nl", 100), WORDNET).aliases


def test_a_cap_bounds_what_is_new() -> None:
    found = merged(ranked("a", "dog", "fox"), ranked("b", "Fox", "cat", "Dog", "cow", "hen", cap=2))
    assert list(found.concepts) == ["cat", "cow", "dog", "fox"]
    assert found.over_cap == {"b": 1}


def test_the_cap_of_all() -> None:
    found = merged(ranked("a", "dog", "fox", "cat"), ranked("b", "dog", "hen"), rules=Rules("en", 2))
    assert list(found.concepts) == ["dog", "fox"]
    assert found.over_cap == {"a": 1, "b": 1}


def test_what_leaves_has_a_reason() -> None:
    rules = Rules("en", 100, frozenset({"red fox"}))
    found = merged(ranked("a", "the", "Red Fox", "dog", "?!", "x" * 257, " "), rules=rules)
    assert list(found.concepts) == ["dog"]
    assert found.blocked == [
        Blocked("?!", "a", "no letter or digit"),
        Blocked("Red Fox", "a", "block list"),
        Blocked("the", "a", "closed class"),
        Blocked("x" * 257, "a", "over 256 letters"),
    ]
    assert "the" in merged(ranked("a", "the"), rules=Rules("en", 9, keep_closed_class=True)).concepts


def test_nothing_is_an_error() -> None:
    with pytest.raises(VocabularyError, match="no concept"):
        merged(ranked("a", "the"))


def test_names() -> None:
    found = merged(ranked("a", "china", "Zebra", "DOGS"), ranked("b", "zebra", count=2), ranked("c", "dog", cap=0))
    names = {form: preferred_spelling(concept, WORDNET) for form, concept in found.concepts.items()}
    assert names == {
        "china": "China",
        "dog": "dog",
        "zebra": "zebra",
    }  # as the most frequent sense is spelt; as most do


@given(st.permutations(["dog", "Dog", "dogs", "glasses", "glass", "fox", "Fox", "foxes", "the"]), st.integers(0, 6))
def test_the_order_of_entries_says_nothing(texts: list[str], cap: int) -> None:
    def of(order: list[str]) -> Merged:
        source = Ranked("a", by_count([Entry(text, len(text)) for text in order]), cap)
        return merged(source, ranked("b", "hen"))

    assert of(texts) == of(sorted(texts))
