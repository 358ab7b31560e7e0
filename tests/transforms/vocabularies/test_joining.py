"""Vocabularies of several languages in one."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest

from concept_vocab.merging import Rules
from concept_vocab.sources.source import Entry, Ranked
from concept_vocab.vocabulary import VocabularyError
from tests.transforms.vocabularies.small_vocabulary import ABOUT, apart
from transforms.vocabularies.joining import join

ENGLISH = apart()
DUTCH = apart(ranked=[Ranked("lijst", [Entry("hond"), Entry("vos")], 1)], wordnet=None, rules=Rules("nl", 9))


def test_sorted_by_language_and_numbered_anew() -> None:
    joined = join([DUTCH, ENGLISH], ABOUT)
    assert joined.concepts["language"].to_pylist() == ["en"] * len(ENGLISH) + ["nl"]
    assert joined.concepts["row"].to_pylist() == list(range(len(ENGLISH) + 1))
    assert joined.surface_forms.to_pylist()[-1]["row"] == len(ENGLISH)
    assert joined.about["languages"] == ["en", "nl"] and joined.about["over_cap"] == {"lijst": 1}
    assert joined.about["new_concepts"] == {**ENGLISH.about["new_concepts"], "lijst": 1}
    assert list(joined.about["type_accuracy"]) == ["en"]
    order = join([ENGLISH, DUTCH], ABOUT)
    assert order.concepts == joined.concepts and order.about == joined.about


def test_one_uid_of_two_languages_is_an_error() -> None:
    place = DUTCH.concepts.schema.get_field_index("uid")
    uids = pa.array(ENGLISH.concepts["uid"].to_pylist()[:1], pa.uint64())
    same = dataclasses.replace(DUTCH, concepts=DUTCH.concepts.set_column(place, "uid", uids))
    with pytest.raises(VocabularyError, match="two concepts of different languages have the same uid"):
        join([ENGLISH, same], ABOUT)
