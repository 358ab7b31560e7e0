"""What differs between two vocabularies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concept_vocab.concept import uid_of
from concept_vocab.merging import Rules
from concept_vocab.sources.source import Entry, Ranked
from tests.concept_vocab.wordnet.tiny_wordnet import tiny
from tests.transforms.vocabularies.small_vocabulary import small
from transforms.vocabularies.difference import Concept, difference
from transforms.vocabularies.files import BuiltVocabulary

WORDNET = tiny()


def of(*entries: Entry, **changes: Any) -> BuiltVocabulary:
    return small(ranked=[Ranked("a", list(entries), None)], **{"wordnet": WORDNET, **changes})


def test_nothing_differs_from_itself() -> None:
    found = difference(small(), small())
    assert found.same == len(small()) and not any(found.kinds.values())


def test_added_and_removed() -> None:
    found = difference(of(Entry("fox"), Entry("hen")), of(Entry("hen"), Entry("cow")))
    assert (found.concepts, found.same) == ((2, 2), 1)
    assert found.added == [Concept(f"{uid_of('en', 'cow'):016x}", "en", "cow", "a")]
    assert [one.name for one in found.removed] == ["fox"]


def test_merged_and_split() -> None:
    apart, together = of(Entry("dogs")), of(Entry("dogs"), Entry("dog"))
    there, back = difference(apart, together), difference(together, apart)
    assert [(one.name, one.merged_with) for one in there.merged] == [("dogs", "dog")]
    assert [one.name for one in there.added] == ["dog"] and not there.removed
    assert [(one.name, one.merged_with) for one in back.split] == [("dogs", "dog")]


def test_renamed_retyped_and_marked() -> None:
    first = of(Entry("Zebra", 9), Entry("hen", 9), wordnet=None)
    second = of(Entry("zebra", 9), Entry("hen", 9, "entity"), wordnet=None, rules=Rules("en", 9))
    found = difference(first, second)
    assert [(one.before, one.after) for one in found.renamed] == [("Zebra", "zebra")]
    assert [(one.name, one.before, one.after) for one in found.retyped] == [("hen", "none", "entity")]
    assert [(one.before, one.after) for one in found.remarked] == [("name", "none")]
    assert found.same == 0


_names = st.lists(st.sampled_from(["dog", "dogs", "Dog", "hen", "Hen", "fox", "red fox", "red foxes"]), min_size=1)


@pytest.mark.slow
@given(_names, _names)
def test_it_adds_up(before: list[str], after: list[str]) -> None:
    first, second = (of(*map(Entry, names)) for names in (before, after))
    found = difference(first, second)
    shared = len(set(first.concepts["uid"].to_pylist()) & set(second.concepts["uid"].to_pylist()))
    assert len(first) == shared + len(found.removed) + len(found.merged)
    assert len(second) == shared + len(found.added) + len(found.split)
    told = json.loads(found.as_json())
    assert [one["name"] for one in told["added"]] == [one.name for one in found.added]
