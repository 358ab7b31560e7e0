"""The tables of a vocabulary, against what its sources say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from concept_vocab.concept import uid_of
from concept_vocab.merging import Rules
from concept_vocab.sources.source import Entry, Ranked
from concept_vocab.vocabulary import VocabularyError
from tests.transforms.vocabularies.small_vocabulary import small
from transforms.vocabularies.assembly import ByMeaning

FORMS = ["1984", "china", "dog", "dog and", "ice bear", "los angeles", "narrow street", "red", "street"]


def test_concepts_are_sorted_named_and_typed() -> None:
    concepts = {row["form"]: row for row in small().concepts.to_pylist()}
    assert list(concepts) == FORMS
    assert [row["row"] for row in concepts.values()] == list(range(len(FORMS)))
    assert {row["uid"] for row in concepts.values()} == {uid_of("en", form) for form in FORMS}
    dog = concepts["dog"]
    assert (dog["name"], dog["source"], dog["sources"]) == ("dog", "wordnet", ["wordnet", "words"])
    assert (dog["type"], dog["type_method"], dog["types"]) == ("entity", "wordnet", ["entity", "action"])
    assert dog["type_confidence"] == pytest.approx(43 / 44)
    told = {form: (row["type"], row["type_method"]) for form, row in concepts.items()}
    assert told["1984"] == ("text", "number") and told["los angeles"] == ("entity", "name")
    assert told["narrow street"] == ("scene", "head")
    assert {form: row["marks"] for form, row in concepts.items() if row["marks"]} == {
        "1984": ["number"],
        "dog and": ["fragment"],
        "los angeles": ["name"],
    }


def test_spellings_and_merged_forms() -> None:
    vocabulary = small()
    forms = [
        (row["text"], row["source"], row["count"], row["match_case"]) for row in vocabulary.surface_forms.to_pylist()
    ]
    assert ("Dogs", "words", 9, False) in forms and ("dog", "wordnet", None, False) in forms
    assert ("China", "wordnet", None, True) in forms and ("china", "wordnet", None, True) in forms
    assert vocabulary.aliases.to_pylist() == [
        {"alias": uid_of("en", form), "uid": uid_of("en", target), "form": form, "reason": "plural"}
        for form, target in (("dogs", "dog"), ("narrow streets", "narrow street"))
    ]
    assert vocabulary.blocked.to_pylist() == [{"text": "the", "source": "words", "reason": "closed class"}]
    rows = set(vocabulary.surface_forms["row"].to_pylist())
    assert rows == set(range(len(vocabulary)))


def test_types_may_be_blocked_and_nothing_left_is_an_error() -> None:
    vocabulary = small(blocked_types=frozenset({"scene"}))
    assert "street" not in vocabulary.concepts["form"].to_pylist()
    assert {"text": "narrow street", "source": "words", "reason": "type scene"} in vocabulary.blocked.to_pylist()
    assert vocabulary.aliases["form"].to_pylist() == ["dogs"]
    assert vocabulary.about["new_concepts"] == {"wordnet": 4, "words": 3}
    every = frozenset({"entity", "attribute", "scene", "action", "text", "abstract"})
    with pytest.raises(VocabularyError, match="no concept is left"):
        small(ranked=[Ranked("a", [Entry("dog")], None)], blocked_types=every)


#: Where the names lie, in degrees of a circle: those of one meaning together.
ANGLES = {"dog": 0, "hound": 5, "zzz": 12, "street": 90, "narrow street": 120, "qqq": 93}


def on_a_circle(names: Sequence[str]) -> NDArray[np.float32]:
    angles = np.radians([ANGLES[name] for name in names])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_an_encoder_groups_and_types_what_nothing_else_tells() -> None:
    words = [Entry("zzz", 1), Entry("hound", 7), Entry("qqq", 9), Entry("narrow street", 3)]
    ranked = [Ranked("wordnet", [Entry("dog"), Entry("street")], None), Ranked("words", words, None)]
    vocabulary = small(ranked=ranked, by_meaning=ByMeaning(on_a_circle, 0.97))
    concepts = {row["name"]: row for row in vocabulary.concepts.to_pylist()}
    uids = {name: row["uid"] for name, row in concepts.items()}
    groups = {name: row["group"] for name, row in concepts.items()}
    leaders = {"dog": "dog", "hound": "dog", "zzz": "dog", "street": "street", "qqq": "street"}
    assert groups == {**{one: uids[leader] for one, leader in leaders.items()}, "narrow street": uids["narrow street"]}
    assert vocabulary.about["groups"] == 3
    assert (concepts["qqq"]["type"], concepts["qqq"]["type_method"]) == ("scene", "nearest")
    assert "nearest" in vocabulary.about["type_accuracy"]["en"]["by_method"]


def test_without_an_encoder_each_stands_alone() -> None:
    vocabulary = small()
    assert vocabulary.concepts["group"] == vocabulary.concepts["uid"] and vocabulary.about["groups"] is None


def test_without_wordnet_only_what_a_source_says_is_a_type() -> None:
    ranked = [Ranked("mine", [Entry("hen", None, "entity"), Entry("dogs"), Entry("dog")], None)]
    vocabulary = small(ranked=ranked, wordnet=None, rules=Rules("en", 9))
    assert vocabulary.concepts["type"].to_pylist() == [None, None, "entity"]
    assert vocabulary.concepts["type_method"].to_pylist() == [None, None, "given"]
    assert not vocabulary.about["type_accuracy"] and not vocabulary.aliases.num_rows
