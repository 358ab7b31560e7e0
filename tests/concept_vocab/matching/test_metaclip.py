"""MetaCLIP's matching, worked by hand and against its rules taken literally."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concept_vocab.matching.metaclip import MetaclipMatcher
from concept_vocab.vocabulary import VocabularyError

_texts = st.text("ab A,.;:?!`'(\t\n\ré", max_size=12)


def _by_its_rules(entries: list[str], caption: str | None) -> set[int]:
    text = caption or ""
    for mark in ",.;:?!`":
        text = text.replace(mark, f" {mark} ")
    for space in "\t\n\r":
        text = text.replace(space, " ")
    return {number for number, entry in enumerate(entries) if f" {entry} " in f" {text} "}


@pytest.mark.parametrize(
    ("caption", "named"),
    [
        ("a dog, barking", [0]),
        ("a Dog.\tdog", [1, 0]),
        ("(dog) dog's dogs", []),
        ("New York City", [3, 4]),
        ("New  York", []),
        ("in the U.S. today", []),
        ("wait!", [5]),
        (None, []),
        ("", []),
    ],
)
def test_an_entry_is_named_where_spaces_stand_around_it(caption: str | None, named: list[int]) -> None:
    entries = ["dog", "Dog", "U.S.", "New York", "York City", "!"]
    assert MetaclipMatcher(entries).match([caption]).to_pylist() == [named]


@given(st.lists(_texts, min_size=1, max_size=8), st.lists(st.none() | _texts, max_size=4))
def test_it_agrees_with_its_rules_taken_literally(entries: list[str], captions: list[str | None]) -> None:
    captions = [*captions, " ".join(entries)]
    found = MetaclipMatcher(entries).match(captions).to_pylist()
    assert [set(one) for one in found] == [_by_its_rules(entries, caption) for caption in captions]
    assert all(len(one) == len(set(one)) for one in found)


def test_captions_are_apart() -> None:
    assert MetaclipMatcher(["a \n b", "b"]).match(["a", "b"]).to_pylist() == [[], [1]]


def test_a_list_without_entries_is_an_error() -> None:
    with pytest.raises(VocabularyError, match="empty"):
        MetaclipMatcher([])
