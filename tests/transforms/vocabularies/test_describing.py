"""What a vocabulary holds, counted and searched."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest

from tests.transforms.vocabularies.small_vocabulary import small
from transforms.errors import InputError
from transforms.vocabularies.describing import Group, blocked, by_mark, by_value, grouped, merged, search

VOCABULARY = small()


def test_groups_add_up() -> None:
    for column in ("source", "language", "type", "type_method"):
        assert sum(group.concepts for group in by_value(VOCABULARY, column, 1)) == len(VOCABULARY)
    assert by_value(VOCABULARY, "source", 2) == [
        Group("wordnet", 5, ["China", "street"]),
        Group("words", 4, ["1984", "narrow street"]),
    ]
    assert [group.name for group in by_value(VOCABULARY, "type", 0)] == ["entity", "scene", "attribute", "none", "text"]


def test_marks_merged_and_blocked() -> None:
    assert by_mark(VOCABULARY, 1)[:2] == [Group("name", 1, ["Los Angeles"]), Group("number", 1, ["1984"])]
    assert merged(VOCABULARY, 5) == [
        Group("plural", 2, ["dogs → dog", "narrow streets → narrow street"]),
        Group("spelt in several ways", 3, ["China", "dog", "narrow street"]),
    ]
    assert blocked(VOCABULARY, 5) == [Group("closed class", 1, ["the"])]


def test_groups_of_one_meaning() -> None:
    assert grouped(VOCABULARY, 5) == Group("of one meaning", 0, [])
    uids = VOCABULARY.concepts["uid"].to_pylist()
    within = [uids[0] if row == 1 else uid for row, uid in enumerate(uids)]
    place = VOCABULARY.concepts.schema.get_field_index("group")
    concepts = VOCABULARY.concepts.set_column(place, "group", pa.array(within, pa.uint64()))
    assert grouped(dataclasses.replace(VOCABULARY, concepts=concepts), 5) == Group(
        "of one meaning", 1, ["China → 1984"]
    )


def test_search_in_spellings_and_merged_forms() -> None:
    assert [hit.name for hit in search(VOCABULARY, "Dog", 9)] == ["dog", "dog and"]
    assert [(hit.name, hit.matched) for hit in search(VOCABULARY, "DOGS", 9)] == [("dog", "Dogs")]
    assert [hit.name for hit in search(VOCABULARY, "street", 9)] == ["street", "narrow street"]
    assert [hit.name for hit in search(VOCABULARY, "street", 1)] == ["street"]
    assert search(VOCABULARY, "treet", 9) == [] and search(VOCABULARY, "zebra", 9) == []
    with pytest.raises(InputError, match="the query is empty; name words"):
        search(VOCABULARY, " ", 9)
